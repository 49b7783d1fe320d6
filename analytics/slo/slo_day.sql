/*
---
kind: daily
question: What did each objective count on a day?
formula: sums of slo_slice by day; empty are slices that were measured and had no event
source: slo_slice
missing: no row on a day without a measured slice
---
*/
SELECT
    day, slo, objective, sum(good) AS good, sum(total) AS total, sum(bad_events) AS bad_events, sum(events) AS events,
    count(*) AS slices, CAST(sum(CASE WHEN events <= 0 THEN 1 ELSE 0 END) AS BIGINT) AS empty_slices,
    min(ts) AS first_slice, max(ts) AS last_slice
FROM slo_slice
WHERE ts >= $start AND ts < $end
GROUP BY day, slo, objective
