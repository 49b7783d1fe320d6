/*
---
kind: daily
question: What did the bill charge, by SKU, for what began on each day?
formula: >
  sums of billed and effective cost by SKU, category, currency and charged period; a period inside one UTC day is that day,
  a longer one keeps its start and end and is divided later
source: billing_charge without duplicates
missing: a charge without an effective cost adds to the billed cost alone
---
*/
WITH charge AS (
    SELECT
        CAST(charge_period_start AS DATE) AS day, sku_id, sku_price_id, service_name, charge_category, currency,
        billed_cost, effective_cost, charge_period_start, charge_period_end,
        charge_period_end <= CAST(CAST(charge_period_start AS DATE) AS TIMESTAMP) + INTERVAL 1 DAY AS inside
    FROM billing_charge
    WHERE NOT duplicate AND charge_period_start >= $start AND charge_period_start < $end
),
placed AS (
    SELECT
        day, sku_id, sku_price_id, service_name, charge_category, currency, billed_cost, effective_cost,
        CASE WHEN inside THEN CAST(day AS TIMESTAMP) ELSE charge_period_start END AS charged_from,
        CASE WHEN inside THEN CAST(day AS TIMESTAMP) + INTERVAL 1 DAY ELSE charge_period_end END AS charged_to
    FROM charge
)
SELECT
    day, charged_from, charged_to, sku_id, sku_price_id, service_name, charge_category, currency,
    CAST(sum(billed_cost) AS DECIMAL(38, 18)) AS billed_cost,
    CAST(coalesce(sum(effective_cost), 0) AS DECIMAL(38, 18)) AS effective_cost
FROM placed
GROUP BY day, charged_from, charged_to, sku_id, sku_price_id, service_name, charge_category, currency
