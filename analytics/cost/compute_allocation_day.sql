/*
---
kind: daily
question: How much CPU and memory did each pod request and use in each time slice of a day?
formula: sums of millicore-seconds (cpu) and byte-seconds (memory) over the 5-minute facts of the slice
source: compute_allocation
missing: time without a measurement of use is a row of its own, whose `used` is null
---
*/
WITH bucket AS (
    SELECT seen.ts, s.slice_start
    FROM (SELECT DISTINCT ts FROM compute_allocation WHERE ts >= $start AND ts < $end) AS seen
    JOIN time_slice AS s ON s.day = CAST(seen.ts AS DATE) AND seen.ts >= s.slice_start AND seen.ts < s.slice_end
)
SELECT
    CAST(b.slice_start AS DATE) AS day, b.slice_start, a.cluster, a.node, a.namespace, a.pod, a.resource,
    a.used IS NOT NULL AS measured,
    CAST(sum(a.requested) AS DECIMAL(38, 0)) AS requested, CAST(sum(a.used) AS DECIMAL(38, 0)) AS used,
    CAST(sum(a.larger) AS DECIMAL(38, 0)) AS larger,
    CAST(sum(CASE WHEN a.used < 0 THEN a.used ELSE 0 END) AS DECIMAL(38, 0)) AS negative
FROM compute_allocation AS a
JOIN bucket AS b ON b.ts = a.ts
WHERE a.ts >= $start AND a.ts < $end
GROUP BY b.slice_start, a.cluster, a.node, a.namespace, a.pod, a.resource, a.used IS NOT NULL
