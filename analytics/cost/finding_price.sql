/*
---
kind: finding
question: What has no price at some time when it was there?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, coalesce(gpu_model, CASE WHEN kind = 'gpu' THEN 'unknown GPU model' ELSE kind END)
        AS subject,
    concat('no ', pricing, ' price for ', coalesce(gpu_model, CASE WHEN kind = 'gpu' THEN 'GPUs of unknown model' ELSE kind END),
           ' from ', CAST(min(day) AS VARCHAR), ' to ', CAST(max(day) AS VARCHAR),
           ': the hours are shown and cost nothing') AS text,
    concat('add it to prices.', CASE kind WHEN 'gpu' THEN 'gpu_hour' WHEN 'cpu' THEN 'cpu_hour' ELSE 'ram_gib_hour' END,
           ' in the configuration') AS remedy
FROM cost_current
WHERE price IS NULL AND quantity > 0
GROUP BY kind, pricing, gpu_model
