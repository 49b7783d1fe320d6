/*
---
kind: intermediate
question: Which team owned each namespace that was seen, in each time slice?
formula: >
  of the patterns that match and hold at the slice's start, the first; a literal name goes before a pattern with a wildcard
source: teams[].namespaces in the configuration
missing: a namespace without a row had no owner then
---
*/
WITH claim AS (
    SELECT seen.namespace, o.team, o.position, o.valid_from, o.valid_to
    FROM (
        SELECT DISTINCT namespace FROM gpu_allocation_day
        UNION
        SELECT DISTINCT namespace FROM compute_allocation_day
        UNION
        SELECT DISTINCT namespace FROM gpu_pod_halfhour
        UNION
        SELECT DISTINCT namespace FROM serving_count_hour
    ) AS seen
    JOIN namespace_owner AS o ON regexp_matches(seen.namespace, o.pattern)
    WHERE seen.namespace IS NOT NULL
)
SELECT s.slice_start, s.day, c.namespace, min_by(c.team, c.position) AS team
FROM claim AS c
JOIN time_slice AS s
    ON (c.valid_from IS NULL OR s.slice_start >= c.valid_from) AND (c.valid_to IS NULL OR s.slice_start < c.valid_to)
GROUP BY s.slice_start, s.day, c.namespace
