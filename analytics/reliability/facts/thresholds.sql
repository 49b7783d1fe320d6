-- Requests of each service within a threshold in each 5 minutes, for the rows of `wanted` (service, measure, threshold):
-- the count of the last bucket bound at or below it, target by target, as measured by the outermost layer of the day. Of
-- two profiles of one layer at one target the one speaks that observed more on the day.
WITH observed AS (
    SELECT
        CAST(ts AS DATE) AS day, layer, cluster, namespace, coalesce(pod, service) AS target, measure, profile,
        row_number() OVER (
            PARTITION BY CAST(ts AS DATE), layer, cluster, namespace, coalesce(pod, service), measure
            ORDER BY sum(CASE WHEN le = CAST('Infinity' AS DOUBLE) THEN count ELSE 0 END) DESC, profile
        ) AS place
    FROM serving_histogram
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), layer, cluster, namespace, coalesce(pod, service), measure, profile
),
measured AS (
    SELECT
        CAST(h.ts AS DATE) AS day, h.ts, t.service, h.measure, w.threshold, l.depth,
        h.cluster, h.namespace, h.pod, h.service AS label_service, h.model,
        coalesce(max(CASE WHEN h.le <= w.threshold THEN h.count END), 0) AS within, max(h.count) AS total
    FROM serving_histogram AS h
    JOIN observed AS o
        ON o.place = 1 AND o.day = CAST(h.ts AS DATE) AND o.layer IS NOT DISTINCT FROM h.layer
        AND o.cluster IS NOT DISTINCT FROM h.cluster AND o.namespace IS NOT DISTINCT FROM h.namespace
        AND o.target IS NOT DISTINCT FROM coalesce(h.pod, h.service) AND o.measure = h.measure
        AND o.profile IS NOT DISTINCT FROM h.profile
    JOIN serving_target AS t
        ON t.cluster IS NOT DISTINCT FROM h.cluster AND t.namespace IS NOT DISTINCT FROM h.namespace
        AND t.pod IS NOT DISTINCT FROM h.pod AND t.label_service IS NOT DISTINCT FROM h.service
        AND t.model IS NOT DISTINCT FROM h.model
    JOIN layer AS l ON l.layer = h.layer
    JOIN wanted AS w ON w.service = t.service AND w.measure = h.measure
    WHERE h.ts >= $start AND h.ts < $end
    GROUP BY
        CAST(h.ts AS DATE), h.ts, t.service, h.measure, w.threshold, l.depth, h.cluster, h.namespace, h.pod, h.service,
        h.model
),
outermost AS (
    SELECT day, service, measure, min(depth) AS depth
    FROM measured
    GROUP BY day, service, measure
)
SELECT m.ts, m.service, m.measure AS metric, m.threshold, sum(m.within) AS good, sum(m.total) AS total
FROM measured AS m
JOIN outermost AS o ON o.day = m.day AND o.service = m.service AND o.measure = m.measure AND o.depth = m.depth
GROUP BY m.ts, m.service, m.measure, m.threshold
