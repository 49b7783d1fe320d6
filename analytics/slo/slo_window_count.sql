/*
---
kind: intermediate
question: What did each objective count in its window so far?
formula: sums of slo_window_hour
source: slo_window_hour
missing: a row for every objective; sums are 0 where nothing was measured
---
*/
SELECT
    w.slo, w.objective, w.window_kind, w.window_start, w.window_end, w.as_of, w.measured_from, w.measured_to, w.now,
    coalesce(sum(h.good), 0) AS good, coalesce(sum(h.total), 0) AS total, coalesce(sum(h.events), 0) AS events,
    CAST(coalesce(sum(h.slices), 0) AS BIGINT) AS slices
FROM slo_window AS w
LEFT JOIN slo_window_hour AS h ON h.slo = w.slo AND h.objective = w.objective
GROUP BY
    w.slo, w.objective, w.window_kind, w.window_start, w.window_end, w.as_of, w.measured_from, w.measured_to, w.now
