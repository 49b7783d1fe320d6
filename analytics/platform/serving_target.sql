/*
---
kind: intermediate
question: Which of our services does each scraped target or GPU pod belong to?
formula: >
  a service matches when all its `match` patterns do (namespace, model_name, service, pod, cluster); the first service in
  the configuration wins
source: services[].match in the configuration
missing: a target without a row belongs to no service
---
*/
WITH target AS (
    SELECT DISTINCT cluster, namespace, pod, label_service, model FROM serving_count_hour
    UNION
    SELECT DISTINCT cluster, namespace, pod, label_service, model FROM serving_bucket_hour
    UNION
    SELECT DISTINCT cluster, namespace, pod, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR) FROM gpu_pod_halfhour
),
checked AS (
    SELECT
        t.cluster, t.namespace, t.pod, t.label_service, t.model, m.service, m.position,
        CASE WHEN regexp_matches(
            coalesce(CASE m.field WHEN 'namespace' THEN t.namespace WHEN 'model_name' THEN t.model
                                  WHEN 'service' THEN t.label_service WHEN 'pod' THEN t.pod
                                  WHEN 'cluster' THEN t.cluster END, ''), m.pattern) THEN 0 ELSE 1 END AS misses
    FROM target AS t
    CROSS JOIN service_match AS m
),
matched AS (
    SELECT cluster, namespace, pod, label_service, model, service, min(position) AS position
    FROM checked
    GROUP BY cluster, namespace, pod, label_service, model, service
    HAVING sum(misses) = 0
)
SELECT cluster, namespace, pod, label_service, model, min_by(service, position) AS service
FROM matched
GROUP BY cluster, namespace, pod, label_service, model
