/*
---
kind: finding
question: In which months do the bill and the meter lie too far apart?
---
*/
SELECT
    'warning' AS severity, 'billing' AS topic, substr(CAST(month AS VARCHAR), 1, 7) AS subject,
    concat('from ', CAST(compared_from AS VARCHAR), ' to ', CAST(compared_until AS VARCHAR), ' the bill says ',
           CAST(CAST(effective_cost AS DECIMAL(18, 2)) AS VARCHAR), ' ', currency, ' and the meter ',
           CAST(CAST(metered_cost AS DECIMAL(18, 2)) AS VARCHAR), ': a difference of ',
           CAST(CAST(100 * share AS DECIMAL(18, 1)) AS VARCHAR), ' % of the bill') AS text,
    'run `meterline reconcile`; look for prices, SKUs that are not mapped, clusters that are not metered' AS remedy
FROM reconciliation_total
WHERE abs(share) > $billing_difference
