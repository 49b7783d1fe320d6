/*
---
kind: intermediate
question: Which service and model does a GPU pod serve?
formula: what its own serving metrics say (namespace, pod, model), else the service that its name or namespace matches
source: serving_target
missing: a pod without a row serves nothing that we know (training, notebooks)
---
*/
WITH chosen AS (
    SELECT
        cluster, namespace, pod,
        coalesce(min(CASE WHEN model IS NOT NULL OR label_service IS NOT NULL THEN service END), min(service)) AS service
    FROM serving_target
    WHERE pod IS NOT NULL
    GROUP BY cluster, namespace, pod
)
SELECT c.cluster, c.namespace, c.pod, c.service, min(t.model) AS model
FROM chosen AS c
JOIN serving_target AS t
    ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace AND t.pod = c.pod
    AND t.service = c.service
GROUP BY c.cluster, c.namespace, c.pod, c.service
