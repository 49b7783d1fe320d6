/*
---
kind: finding
question: For which days is the bill in a currency without a rate?
---
*/
SELECT
    'warning' AS severity, 'billing' AS topic, billed_in AS subject,
    concat('a bill in ', billed_in, ' has no rate on ', CAST(count(DISTINCT day) AS VARCHAR), ' days from ',
           CAST(min(day) AS VARCHAR), ' to ', CAST(max(day) AS VARCHAR), ': these charges are in no sum') AS text,
    'add the days to prices.rates in the configuration' AS remedy
FROM reconciliation_day
WHERE status = 'no_rate'
GROUP BY billed_in
