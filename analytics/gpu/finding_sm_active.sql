/*
---
kind: finding
question: Which nodes do not export SM_ACTIVE, so that their efficiency rests on a weaker signal?
---
*/
SELECT
    'warning' AS severity, 'gpu' AS topic, concat(coalesce(cluster, ''), '/', node) AS subject,
    concat('SM_ACTIVE is not exported on ', node, '; its efficiency falls back to ',
           CASE WHEN max(quality) = 'B' THEN 'GR_ENGINE_ACTIVE' ELSE 'GPU_UTIL' END,
           ', which overstates use') AS text,
    'uncomment DCGM_FI_PROF_SM_ACTIVE in the counters file of dcgm-exporter on that node' AS remedy
FROM gpu_pod_halfhour
WHERE half_hour >= CAST($now AS TIMESTAMP) - INTERVAL 1 DAY AND quality IS NOT NULL
GROUP BY cluster, node
HAVING min(quality) > 'A'
