/*
---
kind: intermediate
question: How many requests and tokens did each service serve in each hour, as seen by one layer?
formula: what the layer of record counted (layer_of_record), over the service's targets; two layers are never added
source: layer rule of docs/serving.md
missing: tokens are null where no engine metrics are collected
---
*/
SELECT
    c.day, c.hour, t.service,
    max(CASE WHEN c.measure = 'requests' THEN c.layer END) AS layer,
    sum(CASE WHEN c.measure = 'requests' THEN c.value ELSE 0 END) AS requests,
    sum(CASE WHEN c.measure = 'requests' AND c.outcome = 'good' THEN c.value ELSE 0 END) AS good,
    sum(CASE WHEN c.measure = 'requests' AND c.outcome = 'bad' THEN c.value ELSE 0 END) AS bad,
    sum(CASE WHEN c.measure = 'requests' AND c.outcome = 'shed' THEN c.value ELSE 0 END) AS shed,
    sum(CASE WHEN c.measure = 'requests' AND c.outcome = 'client_error' THEN c.value ELSE 0 END) AS client_error,
    sum(CASE WHEN c.measure = 'requests' AND c.outcome = 'aborted' THEN c.value ELSE 0 END) AS aborted,
    sum(CASE WHEN c.measure = 'tokens_in' THEN c.value END) AS tokens_in,
    sum(CASE WHEN c.measure = 'tokens_out' THEN c.value END) AS tokens_out,
    sum(CASE WHEN c.measure = 'tokens_cached' THEN c.value END) AS tokens_cached
FROM serving_count_hour AS c
JOIN serving_target AS t
    ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace
    AND t.pod IS NOT DISTINCT FROM c.pod AND t.label_service IS NOT DISTINCT FROM c.label_service
    AND t.model IS NOT DISTINCT FROM c.model
JOIN layer AS l ON l.layer = c.layer
JOIN layer_of_record AS o ON o.day = c.day AND o.service = t.service AND o.measure = c.measure AND o.depth = l.depth
GROUP BY c.day, c.hour, t.service
