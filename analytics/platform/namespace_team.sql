/*
---
kind: intermediate
question: Which team owns each namespace that was seen?
formula: the first pattern that matches; a literal name goes before a pattern with a wildcard
source: teams[].namespaces in the configuration
missing: a namespace without a row has no owner
---
*/
SELECT seen.namespace, min_by(owner.team, owner.position) AS team
FROM (
    SELECT DISTINCT namespace FROM gpu_pod_halfhour
    UNION
    SELECT DISTINCT namespace FROM serving_count_hour
) AS seen
JOIN namespace_owner AS owner ON regexp_matches(seen.namespace, owner.pattern)
WHERE seen.namespace IS NOT NULL
GROUP BY seen.namespace
