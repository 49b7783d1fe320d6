/*
---
kind: finding
question: Which latency thresholds lie between two bucket bounds, so that the share within them is a range?
---
*/
SELECT
    'info' AS severity, 'serving' AS topic, service AS subject,
    concat('the latency threshold of ', service, ' (', CAST(threshold_s AS VARCHAR),
           ' s) is not a bucket bound; the share within it is a lower bound') AS text,
    'choose a threshold among the le values that the service exports' AS remedy
FROM serving_threshold
WHERE grain = 'day' AND within_lower < coalesce(within_upper, total)
GROUP BY service, threshold_s
