/*
---
kind: intermediate
question: How were the latencies of each service distributed, by hour (recently) and by day?
formula: >
  buckets of the outermost layer that measured it that day, added up over its pods; `period` is hour or day
source: layer rule of docs/serving.md
missing: no row without observations
---
*/
WITH service_hour AS (
    SELECT
        b.day, b.hour, t.service, b.measure, b.le,
        l.depth,
        sum(b.count) AS count
    FROM serving_bucket_hour AS b
    JOIN serving_target AS t
        ON t.cluster IS NOT DISTINCT FROM b.cluster AND t.namespace IS NOT DISTINCT FROM b.namespace
        AND t.pod IS NOT DISTINCT FROM b.pod AND t.label_service IS NOT DISTINCT FROM b.label_service
        AND t.model IS NOT DISTINCT FROM b.model
    JOIN layer AS l ON l.layer = b.layer
    GROUP BY b.day, b.hour, t.service, b.measure, b.le, l.depth
),
outermost AS (
    SELECT day, service, measure, min(depth) AS depth
    FROM service_hour
    GROUP BY day, service, measure
),
of_record AS (
    SELECT s.day, s.hour, s.service, s.measure, s.le, s.count
    FROM service_hour AS s
    JOIN outermost AS o ON o.day = s.day AND o.service = s.service AND o.measure = s.measure AND o.depth = s.depth
)
SELECT 'hour' AS grain, hour AS period, service, measure, le, sum(count) AS count
FROM of_record
WHERE hour >= CAST($now AS TIMESTAMP) - $hourly_days * INTERVAL 1 DAY
GROUP BY hour, service, measure, le
UNION ALL
SELECT 'day', CAST(day AS TIMESTAMP), service, measure, le, sum(count)
FROM of_record
GROUP BY day, service, measure, le
