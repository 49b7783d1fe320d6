-- Requests of each service in each 5 minutes: as the outermost layer that counted them on the day saw them (`depth` of
-- layer_of_record), and as the innermost did, which alone knows whether a stream that began was completed.
WITH counted AS (
    SELECT
        CAST(c.ts AS DATE) AS day, c.ts, t.service, l.depth, c.outcome, sum(c.value) AS value
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
    WHERE c.ts >= $start AND c.ts < $end AND c.measure = 'requests'
    GROUP BY CAST(c.ts AS DATE), c.ts, t.service, l.depth, c.outcome
),
innermost AS (
    SELECT day, service, max(depth) AS depth
    FROM counted
    GROUP BY day, service
)
SELECT
    c.ts, c.service, 'availability' AS metric,
    sum(CASE WHEN c.outcome IN ('aborted', 'client_error', 'bad') THEN 0 ELSE c.value END) AS good,
    sum(CASE WHEN c.outcome IN ('aborted', 'client_error') THEN 0 ELSE c.value END) AS total
FROM counted AS c
JOIN layer_of_record AS o
    ON o.day = c.day AND o.service = c.service AND o.measure = 'requests' AND o.depth = c.depth
GROUP BY c.ts, c.service
UNION ALL
SELECT
    c.ts, c.service, 'stream_completed',
    sum(CASE WHEN c.outcome = 'good' THEN c.value ELSE 0 END),
    sum(CASE WHEN c.outcome IN ('good', 'bad') THEN c.value ELSE 0 END)
FROM counted AS c
JOIN innermost AS i ON i.day = c.day AND i.service = c.service AND i.depth = c.depth
GROUP BY c.ts, c.service
