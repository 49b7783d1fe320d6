/*
---
kind: daily
question: Which labels did each pod carry on each day?
formula: the newest statement of the day
source: pod_label
missing: a pod without a row had no label that kube-state-metrics shows
---
*/
SELECT CAST(ts AS DATE) AS day, cluster, namespace, pod, max_by(labels, ts) AS labels
FROM pod_label
WHERE ts >= $start AND ts < $end
GROUP BY CAST(ts AS DATE), cluster, namespace, pod
