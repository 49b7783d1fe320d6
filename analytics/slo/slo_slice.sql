/*
---
kind: daily
question: What does each objective count, slice by slice of time?
formula: >
  Occurrences: good and valid events. Timeslices: a slice counts 1 and is good where good / valid events reach the
  slice target (within 1e-9 of it). RatioTimeslices: a slice counts 1 and its part of good events as good. ts is the
  last minute of a slice; slices begin at midnight UTC and are never shorter than the indicator's grain
source: OpenSLO v1, budgetingMethod
missing: >
  no row where nothing was measured. A slice that was measured and had no event counts nothing (total 0), or 1 and
  good or bad where the objective says so; events are those of the slice in any case
---
*/
WITH objective AS (
    SELECT
        o.slo, o.objective, o.sli, i.source, o.method, o.slice_target,
        coalesce(o.empty_slices, 'excluded') AS empty_slices,
        least(greatest(
            CASE WHEN o.method = 'Occurrences' THEN coalesce(o.grain_s, 60) ELSE coalesce(o.slice_s, 60) END,
            coalesce(o.grain_s, 60), 60), 86400) AS slice_s,
        CAST(row_number() OVER (ORDER BY o.slo, o.objective) AS INTEGER) AS number
    FROM slo_objective AS o
    JOIN sli_indicator AS i ON i.sli = o.sli
),
event AS (
    SELECT
        o.number, date_trunc('day', c.ts) + (least(
            (floor((extract(hour FROM c.ts) * 3600 + extract(minute FROM c.ts) * 60) / o.slice_s) + 1) * o.slice_s,
            86400) - 60) * INTERVAL 1 SECOND AS ts,
        least(c.good, c.total) AS good, c.total
    FROM sli_count AS c
    JOIN objective AS o ON o.sli = c.sli AND o.source = c.source
    WHERE c.ts >= $start AND c.ts < $end AND c.good IS NOT NULL AND c.total IS NOT NULL
),
slice AS (
    SELECT number, ts, sum(good) AS good, sum(total) AS total FROM event GROUP BY number, ts
)
SELECT
    CAST(s.ts AS DATE) AS day, o.slo, o.objective, s.ts,
    CASE WHEN o.method = 'Occurrences' THEN s.good
         WHEN s.total <= 0 THEN CASE WHEN o.empty_slices = 'good' THEN 1e0 ELSE 0e0 END
         WHEN o.method = 'RatioTimeslices' THEN s.good / s.total
         WHEN s.good / s.total >= o.slice_target * (1 - 1e-9) THEN 1e0 ELSE 0e0 END AS good,
    CASE WHEN o.method = 'Occurrences' THEN s.total
         WHEN s.total <= 0 AND o.empty_slices = 'excluded' THEN 0e0
         ELSE 1e0 END AS total,
    greatest(s.total - s.good, 0) AS bad_events, s.total AS events
FROM slice AS s
JOIN objective AS o ON o.number = s.number
