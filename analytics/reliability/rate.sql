/*
What rate, increase, delta, irate, resets and changes of Prometheus say of raw samples, for each series and evaluation.

Reads sample (series, ts_ms BIGINT, value DOUBLE) and evaluation (at_ms BIGINT, range_ms BIGINT): integer milliseconds,
as seconds in doubles are 1e-8 off. $left_open is true for ranges (at - range, at] as of Prometheus 3, false for [at -
range, at]. $zero_last is true where a series is taken to begin where its counter was zero only after the start was put
half a spacing before the first sample (from 2.52 on), false where before. A series with fewer than two samples in the
range has no row.
Source: prometheus/prometheus promql/functions.go, extrapolatedRate.
*/
WITH inside AS (
    SELECT
        s.series, e.at_ms, e.range_ms, s.ts_ms, s.value,
        lag(s.value) OVER (PARTITION BY s.series, e.at_ms, e.range_ms ORDER BY s.ts_ms) AS before,
        row_number() OVER (PARTITION BY s.series, e.at_ms, e.range_ms ORDER BY s.ts_ms DESC) AS from_end
    FROM evaluation AS e
    JOIN sample AS s
        ON s.ts_ms <= e.at_ms AND s.ts_ms >= e.at_ms - e.range_ms + CASE WHEN $left_open THEN 1 ELSE 0 END
),
summed AS (
    SELECT
        series, at_ms, range_ms, count(*) AS n, min(ts_ms) AS first_ms, max(ts_ms) AS last_ms,
        arg_min(value, ts_ms) AS first_value, arg_max(value, ts_ms) AS last_value,
        coalesce(sum(CASE WHEN value < before THEN before END), 0) AS lost,
        coalesce(sum(CASE WHEN value < before THEN 1 END), 0) AS resets,
        coalesce(sum(CASE WHEN value <> before THEN 1 END), 0) AS changes,
        max(CASE WHEN from_end = 2 THEN ts_ms END) AS second_last_ms,
        max(CASE WHEN from_end = 2 THEN value END) AS second_last_value
    FROM inside
    GROUP BY series, at_ms, range_ms
    HAVING count(*) >= 2
),
measured AS (
    SELECT
        *, last_value - first_value AS delta, last_value - first_value + lost AS increase,
        CAST(last_ms - first_ms AS DOUBLE) / 1000 AS sampled_s,
        CAST(last_ms - first_ms AS DOUBLE) / 1000 / (n - 1) AS spacing_s,
        CAST(first_ms - (at_ms - range_ms) AS DOUBLE) / 1000 AS to_start_s,
        CAST(at_ms - last_ms AS DOUBLE) / 1000 AS to_end_s
    FROM summed
),
bounded AS (
    SELECT
        *, CASE WHEN increase > 0 AND first_value >= 0 THEN sampled_s * (first_value / increase) END AS to_zero_s,
        CASE WHEN to_start_s < spacing_s * 1.1e0 THEN to_start_s ELSE spacing_s / 2 END AS delta_start_s,
        CASE WHEN to_end_s < spacing_s * 1.1e0 THEN to_end_s ELSE spacing_s / 2 END AS end_s
    FROM measured
),
extrapolated AS (
    SELECT
        *, CASE WHEN to_zero_s IS NULL THEN delta_start_s
                WHEN $zero_last THEN least(delta_start_s, to_zero_s)
                WHEN least(to_start_s, to_zero_s) < spacing_s * 1.1e0 THEN least(to_start_s, to_zero_s)
                ELSE spacing_s / 2 END AS start_s
    FROM bounded
)
SELECT
    series, at_ms, range_ms, increase * ((sampled_s + start_s + end_s) / sampled_s) AS increase,
    increase * ((sampled_s + start_s + end_s) / sampled_s / (CAST(range_ms AS DOUBLE) / 1000)) AS rate,
    delta * ((sampled_s + delta_start_s + end_s) / sampled_s) AS delta,
    CASE WHEN last_value < second_last_value THEN last_value ELSE last_value - second_last_value END
        / (CAST(last_ms - second_last_ms AS DOUBLE) / 1000) AS irate,
    CAST(resets AS BIGINT) AS resets, CAST(changes AS BIGINT) AS changes
FROM extrapolated
