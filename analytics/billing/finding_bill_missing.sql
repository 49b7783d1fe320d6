/*
---
kind: finding
question: What was metered in a month that has a bill, and never billed?
---
*/
SELECT
    'warning' AS severity, 'billing' AS topic,
    concat(substr(CAST(m.month AS VARCHAR), 1, 7), ' ', coalesce(m.gpu_model, m.kind)) AS subject,
    concat(coalesce(m.gpu_model, m.kind), ' was metered in ', substr(CAST(m.month AS VARCHAR), 1, 7), ' (',
           CASE WHEN m.metered_cost IS NULL THEN 'without a price'
                ELSE concat(CAST(m.metered_cost AS VARCHAR), ' ', coalesce(m.currency, '')) END,
           ') and is on no bill') AS text,
    'map its SKU in billing.skus of the configuration, or collect the bill that it is on' AS remedy
FROM reconciliation_month AS m
JOIN reconciliation_total AS t ON t.month = m.month AND t.compared_until IS NOT NULL
WHERE m.status = 'not_billed' AND m.metered_hours > 0
