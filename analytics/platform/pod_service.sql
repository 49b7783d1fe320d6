/*
---
kind: intermediate
question: Which service and model does a GPU pod serve?
formula: what its own serving metrics say (namespace, pod, model), else the service that its name or namespace matches
source: serving_target
missing: a pod without a row serves nothing that we know (training, notebooks)
---
*/
SELECT
    cluster, namespace, pod,
    min(service) AS service,
    min(model) AS model
FROM serving_target
WHERE pod IS NOT NULL
GROUP BY cluster, namespace, pod
