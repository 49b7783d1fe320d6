/*
---
kind: finding
question: Are there severe incidents of which nobody said who caused them?
---
*/
SELECT
    'info' AS severity, 'on_call' AS topic, CAST(month AS VARCHAR) AS subject,
    concat(CAST(unattributed_n AS VARCHAR), ' of ', CAST(severe_n AS VARCHAR),
           ' severe incidents of that month are attributed to nobody') AS text,
    'set `attribution` of the on-call source, so that those of the platform are known' AS remedy
FROM on_call_month
WHERE scope = 'platform' AND severity = 'all' AND unattributed_n > 0
    AND month >= CAST(CAST($now AS TIMESTAMP) - $on_call_days * INTERVAL 1 DAY AS DATE)
