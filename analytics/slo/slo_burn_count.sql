/*
---
kind: intermediate
question: What did each objective count in the windows of its burn rate rules, up to as_of?
formula: sums of the slices whose last minute lies in the window; window_s is its length, always one of an hour too
source: slo_burn_rule, slo_clock and slo_slice
missing: a row for every window of every rule; sums are 0 where nothing was measured
---
*/
WITH wanted AS (
    SELECT slo, objective, long_s AS window_s FROM slo_burn_rule
    UNION
    SELECT slo, objective, short_s FROM slo_burn_rule
    UNION
    SELECT slo, objective, 3600 FROM slo_objective
),
span AS (
    SELECT
        c.slo, c.objective, CAST(w.window_s AS BIGINT) AS window_s, c.as_of,
        c.as_of - w.window_s * INTERVAL 1 SECOND AS window_start
    FROM slo_clock AS c
    JOIN wanted AS w ON w.slo = c.slo AND w.objective = c.objective
),
oldest AS (
    SELECT min(window_start) AS ts FROM span
),
recent AS (
    SELECT s.slo, s.objective, s.ts, s.good, s.total, s.bad_events, s.events
    FROM slo_slice AS s
    JOIN oldest ON s.ts >= oldest.ts
)
SELECT
    w.slo, w.objective, w.window_s, w.window_start, w.as_of,
    coalesce(sum(greatest(r.total - r.good, 0)), 0) AS bad, coalesce(sum(r.total), 0) AS total,
    coalesce(sum(r.bad_events), 0) AS bad_events, coalesce(sum(r.events), 0) AS events, count(r.ts) AS slices
FROM span AS w
LEFT JOIN recent AS r
    ON r.slo = w.slo AND r.objective = w.objective AND r.ts >= w.window_start AND r.ts < w.as_of
GROUP BY w.slo, w.objective, w.window_s, w.window_start, w.as_of
