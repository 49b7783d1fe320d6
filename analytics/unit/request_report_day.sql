/*
---
kind: intermediate
question: How many requests and tokens did each service serve on each report day, by namespace, model and tenant?
formula: what the layer of record of the UTC day counted (layer_of_record); two layers are never added
source: layer rule of docs/serving.md
missing: a column is null where nothing of that kind was counted; namespace, model and tenant are null where not labelled
---
*/
SELECT
    c.report_day, c.month, t.service, c.namespace, c.model, c.tenant,
    sum(CASE WHEN c.measure = 'requests' THEN c.value END) AS requests_all,
    sum(CASE WHEN c.measure = 'requests' THEN CASE WHEN c.outcome = 'good' THEN c.value ELSE 0 END END) AS requests,
    sum(CASE WHEN c.measure = 'requests' THEN CASE WHEN c.outcome = 'bad' THEN c.value ELSE 0 END END) AS failed,
    sum(CASE WHEN c.measure = 'tokens_in' THEN c.value END) AS tokens_in,
    sum(CASE WHEN c.measure = 'tokens_out' THEN c.value END) AS tokens_out,
    sum(CASE WHEN c.measure = 'tokens_cached' THEN c.value END) AS tokens_cached
FROM request_slice_day AS c
JOIN serving_target AS t
    ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace
    AND t.pod IS NOT DISTINCT FROM c.pod AND t.label_service IS NOT DISTINCT FROM c.label_service
    AND t.model IS NOT DISTINCT FROM c.model
JOIN layer AS l ON l.layer = c.layer
JOIN layer_of_record AS o ON o.day = c.day AND o.service = t.service AND o.measure = c.measure AND o.depth = l.depth
GROUP BY c.report_day, c.month, t.service, c.namespace, c.model, c.tenant
