/*
---
kind: daily
question: Which profile speaks where two of one layer count at the same target?
formula: >
  the one that counted more of the measure on the UTC day, else the first by name, as both saw the same requests (a
  server that exports the metrics of its engine and its own); `target` is the pod, else the service named by the metrics
source: counters of the serving profiles
missing: a target that counted nothing on a day has no row
---
*/
WITH counted AS (
    SELECT
        CAST(ts AS DATE) AS day, layer, cluster, namespace, coalesce(pod, service) AS target, measure, profile,
        sum(value) AS value
    FROM serving_count
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), layer, cluster, namespace, coalesce(pod, service), measure, profile
),
ranked AS (
    SELECT
        day, layer, cluster, namespace, target, measure, profile,
        row_number() OVER (
            PARTITION BY day, layer, cluster, namespace, target, measure ORDER BY value DESC, profile
        ) AS place
    FROM counted
)
SELECT day, layer, cluster, namespace, target, measure, profile
FROM ranked
WHERE place = 1
