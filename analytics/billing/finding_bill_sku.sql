/*
---
kind: finding
question: Which usage on the bill is compared with nothing, because no SKU of the configuration matches it?
---
*/
WITH unmapped AS (
    SELECT
        coalesce(b.sku_id, b.sku_price_id, b.service_name) AS sku, max(b.service_name) AS service_name, b.currency,
        sum(b.effective_cost) AS effective_cost
    FROM bill_day AS b
    JOIN bill_sku AS s
        ON s.sku_id IS NOT DISTINCT FROM b.sku_id AND s.sku_price_id IS NOT DISTINCT FROM b.sku_price_id
        AND s.service_name IS NOT DISTINCT FROM b.service_name
    WHERE NOT s.mapped AND b.charge_category = 'Usage'
        AND b.day >= CAST(CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY AS DATE)
    GROUP BY coalesce(b.sku_id, b.sku_price_id, b.service_name), b.currency
),
ranked AS (
    SELECT
        sku, service_name, currency, effective_cost,
        row_number() OVER (ORDER BY effective_cost DESC, sku, currency) AS place, count(*) OVER () AS skus
    FROM unmapped
)
SELECT
    'info' AS severity, 'billing' AS topic, coalesce(sku, 'no SKU') AS subject,
    concat('no entry of billing.skus matches ', coalesce(sku, 'charges without SKU'), ' (',
           coalesce(service_name, 'no service'), '): ', CAST(CAST(effective_cost AS DECIMAL(18, 2)) AS VARCHAR), ' ', currency,
           ' of the last ', CAST($recent_days AS VARCHAR), ' days; ', CAST(skus AS VARCHAR), ' such SKUs in all') AS text,
    'add it to billing.skus in the configuration, without model and resource if nothing meters it' AS remedy
FROM ranked
WHERE place <= $billing_named_skus
