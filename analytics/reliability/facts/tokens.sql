-- Tokens that each service generated in each 5 minutes, as the innermost layer of the day counted them.
SELECT c.ts, t.service, sum(c.value) AS tokens
FROM serving_count AS c
JOIN serving_profile AS p
    ON p.day = CAST(c.ts AS DATE) AND p.layer IS NOT DISTINCT FROM c.layer
    AND p.cluster IS NOT DISTINCT FROM c.cluster AND p.namespace IS NOT DISTINCT FROM c.namespace
    AND p.target IS NOT DISTINCT FROM coalesce(c.pod, c.service) AND p.measure = c.measure
    AND p.profile IS NOT DISTINCT FROM c.profile
JOIN serving_target AS t
    ON t.cluster IS NOT DISTINCT FROM c.cluster AND t.namespace IS NOT DISTINCT FROM c.namespace
    AND t.pod IS NOT DISTINCT FROM c.pod AND t.label_service IS NOT DISTINCT FROM c.service
    AND t.model IS NOT DISTINCT FROM c.model
JOIN layer AS l ON l.layer = c.layer
JOIN layer_of_record AS o
    ON o.day = CAST(c.ts AS DATE) AND o.service = t.service AND o.measure = c.measure AND o.depth = l.depth
WHERE c.ts >= $start AND c.ts < $end AND c.measure = 'tokens_out'
GROUP BY c.ts, t.service
