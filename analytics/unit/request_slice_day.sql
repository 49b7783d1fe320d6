/*
---
kind: daily
question: How many requests and tokens did each target count for each tenant, by day of the report's time zone?
formula: >
  sum of reset-aware increases in the time slices of a report day, of the profile that speaks for the target on the UTC
  day (serving_profile)
source: counters of the serving profiles; time_slice cuts at midnights of the report's time zone, to the 5 minutes
missing: tenant is null where the metrics carry no tenant label
---
*/
WITH bucket AS (  -- a report day for each 5 minutes, so that the many facts are joined to it by equality
    SELECT seen.ts, s.report_day, s.month
    FROM (SELECT DISTINCT ts FROM serving_count WHERE ts >= $start AND ts < $end) AS seen
    JOIN time_slice AS s ON s.day = CAST(seen.ts AS DATE) AND seen.ts >= s.slice_start AND seen.ts < s.slice_end
),
sliced AS (
    SELECT
        CAST(c.ts AS DATE) AS day, b.report_day, b.month, c.profile, c.layer, c.cluster, c.namespace, c.pod,
        c.service AS label_service, c.model, c.tenant, c.measure, c.outcome, sum(c.value) AS value
    FROM serving_count AS c
    JOIN bucket AS b ON b.ts = c.ts
    WHERE c.ts >= $start AND c.ts < $end
    GROUP BY
        CAST(c.ts AS DATE), b.report_day, b.month, c.profile, c.layer, c.cluster, c.namespace, c.pod, c.service, c.model,
        c.tenant, c.measure, c.outcome
)
SELECT
    s.day, s.report_day, s.month, s.layer, s.cluster, s.namespace, s.pod, s.label_service, s.model, s.tenant, s.measure,
    s.outcome, s.value
FROM sliced AS s
JOIN serving_profile AS p
    ON p.day = s.day AND p.layer IS NOT DISTINCT FROM s.layer AND p.cluster IS NOT DISTINCT FROM s.cluster
    AND p.namespace IS NOT DISTINCT FROM s.namespace
    AND p.target IS NOT DISTINCT FROM coalesce(s.pod, s.label_service) AND p.measure = s.measure
    AND p.profile IS NOT DISTINCT FROM s.profile
