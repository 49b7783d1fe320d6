/*
---
kind: finding
question: Which months that should be closed by now could not be?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, substr(j.job, 7) AS subject, j.message AS text,
    coalesce(j.remedy, 'run `meterline close` for the month, it says what is wrong') AS remedy
FROM job_run AS j
LEFT JOIN closed_month AS m ON j.job = concat('close:', substr(CAST(m.month AS VARCHAR), 1, 7))
WHERE j.kind = 'closing' AND j.failures > 0 AND m.month IS NULL
