/*
---
kind: intermediate
question: How many requests and tokens did each service serve in each hour, as seen by one layer?
formula: >
  requests come from the outermost layer that saw the service that day (gateway, else mesh, else proxy, else engine),
  tokens from the engine; two layers are never added
source: layer rule of docs/serving.md
missing: tokens are null where no engine metrics are collected
---
*/
WITH service_hour AS (
    SELECT
        c.day, c.hour, t.service, c.layer,
        l.depth,
        c.measure, c.outcome, sum(c.value) AS value
    FROM serving_count_hour AS c
    JOIN serving_target AS t
        ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace
        AND t.pod IS NOT DISTINCT FROM c.pod AND t.label_service IS NOT DISTINCT FROM c.label_service
        AND t.model IS NOT DISTINCT FROM c.model
    JOIN layer AS l ON l.layer = c.layer
    GROUP BY c.day, c.hour, t.service, c.layer, l.depth, c.measure, c.outcome
),
of_record AS (
    SELECT day, service, measure, CASE WHEN measure = 'requests' THEN min(depth) ELSE max(depth) END AS depth
    FROM service_hour
    GROUP BY day, service, measure
)
SELECT
    s.day, s.hour, s.service,
    max(CASE WHEN s.measure = 'requests' THEN s.layer END) AS layer,
    sum(CASE WHEN s.measure = 'requests' THEN s.value ELSE 0 END) AS requests,
    sum(CASE WHEN s.measure = 'requests' AND s.outcome = 'good' THEN s.value ELSE 0 END) AS good,
    sum(CASE WHEN s.measure = 'requests' AND s.outcome = 'bad' THEN s.value ELSE 0 END) AS bad,
    sum(CASE WHEN s.measure = 'requests' AND s.outcome = 'shed' THEN s.value ELSE 0 END) AS shed,
    sum(CASE WHEN s.measure = 'requests' AND s.outcome = 'client_error' THEN s.value ELSE 0 END) AS client_error,
    sum(CASE WHEN s.measure = 'requests' AND s.outcome = 'aborted' THEN s.value ELSE 0 END) AS aborted,
    sum(CASE WHEN s.measure = 'tokens_in' THEN s.value END) AS tokens_in,
    sum(CASE WHEN s.measure = 'tokens_out' THEN s.value END) AS tokens_out,
    sum(CASE WHEN s.measure = 'tokens_cached' THEN s.value END) AS tokens_cached
FROM service_hour AS s
JOIN of_record AS o ON o.day = s.day AND o.service = s.service AND o.measure = s.measure AND o.depth = s.depth
GROUP BY s.day, s.hour, s.service
