/*
---
kind: finding
question: Which namespaces hold GPUs and belong to no team?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, namespace AS subject,
    concat('namespace ', namespace, ' held GPUs and belongs to no team; its cost is shown without an owner') AS text,
    'add it to the namespaces of a team in the configuration' AS remedy
FROM gpu_team_day
WHERE team = '__unallocated__' AND day >= CAST(CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY AS DATE)
GROUP BY namespace
