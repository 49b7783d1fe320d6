/*
---
kind: intermediate
question: Which latency do the fastest q of a service's requests stay under?
formula: >
  histogram_quantile of Prometheus: linear interpolation inside the bucket that holds the rank q x count; the bound of
  the last finite bucket when the rank lies above it; the first bucket begins at 0, or is its bound when that is negative
source: prometheus/prometheus promql/quantile.go, classic histograms
missing: null without observations or without an infinite bucket
---
*/
WITH monotonic AS (  -- pods with other bucket bounds make sums that fall; Prometheus mends them the same way
    SELECT grain, period, service, measure, le,
           max(count) OVER (PARTITION BY grain, period, service, measure ORDER BY le) AS count
    FROM serving_bucket
),
bucket AS (
    SELECT grain, period, service, measure, le, count,
           lag(count, 1, 0) OVER (PARTITION BY grain, period, service, measure ORDER BY le) AS count_below,
           lag(le) OVER (PARTITION BY grain, period, service, measure ORDER BY le) AS le_below,
           max(count) OVER (PARTITION BY grain, period, service, measure) AS total,
           max(le) OVER (PARTITION BY grain, period, service, measure) AS highest,
           count(*) OVER (PARTITION BY grain, period, service, measure) AS buckets
    FROM monotonic
),
ranked AS (
    SELECT b.grain, b.period, b.service, b.measure, q.q, b.le, b.le_below, b.count, b.count_below, b.total,
           row_number() OVER (PARTITION BY b.grain, b.period, b.service, b.measure, q.q ORDER BY b.le) AS position
    FROM bucket AS b
    CROSS JOIN quantile AS q
    WHERE b.total > 0 AND b.buckets >= 2 AND b.highest = CAST('Infinity' AS DOUBLE)
      AND (b.count >= q.q * b.total OR b.le = CAST('Infinity' AS DOUBLE))
)
SELECT
    grain, period, service, measure, q,
    CASE
        WHEN q < 0 THEN CAST('-Infinity' AS DOUBLE)
        WHEN q > 1 THEN CAST('Infinity' AS DOUBLE)
        WHEN le = CAST('Infinity' AS DOUBLE) THEN le_below
        WHEN le_below IS NULL AND le <= 0 THEN le
        ELSE coalesce(le_below, 0)
            + (le - coalesce(le_below, 0)) * ((q * total - count_below) / nullif(count - count_below, 0))
    END AS value,
    total AS observations
FROM ranked
WHERE position = 1
