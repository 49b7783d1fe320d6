/*
---
kind: daily
question: How much CPU and memory did each node have in each time slice of a day?
formula: sums of millicore-seconds (cpu) and byte-seconds (memory) over the 5-minute facts of the slice
source: compute_capacity
missing: a node whose capacity was not collected has no row
---
*/
SELECT
    CAST(c.ts AS DATE) AS day, s.slice_start, c.cluster, c.node, c.resource,
    CAST(sum(c.capacity) AS DECIMAL(38, 0)) AS capacity
FROM compute_capacity AS c
JOIN time_slice AS s ON s.day = CAST(c.ts AS DATE) AND c.ts >= s.slice_start AND c.ts < s.slice_end
WHERE c.ts >= $start AND c.ts < $end
GROUP BY CAST(c.ts AS DATE), s.slice_start, c.cluster, c.node, c.resource
