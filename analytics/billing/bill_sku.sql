/*
---
kind: intermediate
question: Which metered cost does each SKU of the bill stand for?
formula: >
  the first entry of billing.skus that matches the SkuId; if none does, the first that matches the SkuPriceId; if none
  does, the first that matches the ServiceName. Usage only: purchases, taxes, credits and adjustments meter nothing
source: bill_day and billing.skus of the configuration
missing: mapped is false where no entry matches; an entry with neither model nor resource maps to nothing on purpose
---
*/
WITH seen AS (
    SELECT DISTINCT sku_id, sku_price_id, service_name FROM bill_day WHERE charge_category = 'Usage'
),
named AS (
    SELECT sku_id, sku_price_id, service_name, 0 AS preference, sku_id AS name FROM seen
    UNION ALL
    SELECT sku_id, sku_price_id, service_name, 1, sku_price_id FROM seen
    UNION ALL
    SELECT sku_id, sku_price_id, service_name, 2, service_name FROM seen
),
matched AS (
    SELECT
        n.sku_id, n.sku_price_id, n.service_name, s.kind, s.gpu_model,
        row_number() OVER (
            PARTITION BY n.sku_id, n.sku_price_id, n.service_name ORDER BY n.preference, s.position
        ) AS place
    FROM named AS n
    JOIN billing_sku AS s ON regexp_matches(n.name, s.pattern)
)
SELECT
    seen.sku_id, seen.sku_price_id, seen.service_name, m.place IS NOT NULL AS mapped, m.kind, m.gpu_model
FROM seen
LEFT JOIN matched AS m
    ON m.place = 1 AND m.sku_id IS NOT DISTINCT FROM seen.sku_id
    AND m.sku_price_id IS NOT DISTINCT FROM seen.sku_price_id AND m.service_name IS NOT DISTINCT FROM seen.service_name
