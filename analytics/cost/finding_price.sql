/*
---
kind: finding
question: Which GPU models have no price at some time when they were there?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, coalesce(gpu_model, 'unknown GPU model') AS subject,
    concat('no price for ', coalesce(gpu_model, 'GPUs of unknown model'), ' from ', CAST(min(day) AS VARCHAR), ' to ',
           CAST(max(day) AS VARCHAR), ': their hours are shown and cost nothing') AS text,
    'add it to prices.gpu_hour in the configuration' AS remedy
FROM cost_quantity
WHERE price IS NULL
GROUP BY gpu_model
