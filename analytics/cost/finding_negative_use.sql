/*
---
kind: finding
question: Where does a source report less than no use?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, concat(coalesce(cluster, ''), '/', namespace, '/', pod) AS subject,
    concat('negative ', resource, ' use of pod ', pod, ' on ', CAST(day AS VARCHAR), '; it counts as none') AS text,
    'compare what the exporter of that node reports with the kubelet; a counter may run backwards' AS remedy
FROM compute_allocation_day
WHERE negative < 0
GROUP BY cluster, namespace, pod, resource, day
UNION ALL
SELECT
    'warning', 'cost', concat(coalesce(cluster, ''), '/', namespace, '/', pod),
    concat('negative GPU activity of pod ', pod, ' on ', CAST(day AS VARCHAR), '; it counts as none'),
    'compare the device metrics of that node with nvidia-smi'
FROM gpu_pod_halfhour
WHERE effective_s < 0
GROUP BY cluster, namespace, pod, day
