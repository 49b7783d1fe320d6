/*
---
kind: daily
question: What did each objective count in an hour?
formula: sums of slo_slice by hour
source: slo_slice
missing: no row in an hour without a measured slice
---
*/
SELECT
    day, date_trunc('hour', ts) AS hour, slo, objective, sum(good) AS good, sum(total) AS total, sum(events) AS events,
    count(*) AS slices
FROM slo_slice
WHERE ts >= $start AND ts < $end
GROUP BY day, date_trunc('hour', ts), slo, objective
