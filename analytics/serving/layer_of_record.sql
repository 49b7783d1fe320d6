/*
---
kind: intermediate
question: Which layer is believed for each measure of each service on each day, when several saw it?
formula: >
  requests come from the outermost layer that counted them for the service that UTC day (gateway, else mesh, else proxy,
  else engine), tokens from the innermost; `depth` as in layer
source: layer rule of docs/serving.md
missing: a measure that no layer counted on a day has no row
---
*/
SELECT c.day, t.service, c.measure, CASE WHEN c.measure = 'requests' THEN min(l.depth) ELSE max(l.depth) END AS depth
FROM serving_count_hour AS c
JOIN serving_target AS t
    ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace
    AND t.pod IS NOT DISTINCT FROM c.pod AND t.label_service IS NOT DISTINCT FROM c.label_service
    AND t.model IS NOT DISTINCT FROM c.model
JOIN layer AS l ON l.layer = c.layer
GROUP BY c.day, t.service, c.measure
