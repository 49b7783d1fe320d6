/*
---
kind: intermediate
question: What did each objective count in each hour of its window?
formula: >
  hours that lie in the window as a whole from slo_hour; those in which it begins or ends from slices, as a window may
  begin at any minute; a slice belongs to the window in which its last minute lies
source: slo_window, slo_hour and slo_slice
missing: no row in an hour without a measured slice
---
*/
WITH span AS (
    SELECT
        slo, objective, window_start, as_of,
        CASE WHEN window_start = date_trunc('hour', window_start) THEN window_start
             ELSE date_trunc('hour', window_start) + INTERVAL 1 HOUR END AS first_hour,
        date_trunc('hour', as_of) AS last_hour
    FROM slo_window
),
edge AS (
    SELECT slo, objective, window_start AS start, least(first_hour, as_of) AS until FROM span
    UNION ALL
    SELECT slo, objective, last_hour, as_of FROM span WHERE last_hour >= first_hour
)
SELECT w.slo, w.objective, h.hour, h.good, h.total, h.events, h.slices
FROM span AS w
JOIN slo_hour AS h ON h.slo = w.slo AND h.objective = w.objective AND h.hour >= w.first_hour AND h.hour < w.last_hour
UNION ALL
SELECT
    w.slo, w.objective, date_trunc('hour', s.ts) AS hour, sum(s.good), sum(s.total), sum(s.events), count(*)
FROM edge AS w
JOIN slo_slice AS s
    ON s.slo = w.slo AND s.objective = w.objective AND s.day = CAST(w.start AS DATE) AND s.ts >= w.start
    AND s.ts < w.until
GROUP BY w.slo, w.objective, date_trunc('hour', s.ts)
