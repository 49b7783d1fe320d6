/*
---
kind: intermediate
question: Until when is each objective known, and as of when is it looked at?
formula: >
  measured_from and measured_to: from the end of the first measured slice to that of the last; as_of: measured_to, or
  now, to the minute, once that is more than stale_minutes ago, so that what was measured before an outage of the
  collection is never shown as of today
source: slo_day and parameters.yaml
missing: measured_from and measured_to are null while nothing was measured
---
*/
WITH known AS (
    SELECT
        o.slo, o.objective, date_trunc('minute', CAST($now AS TIMESTAMP)) AS now,
        min(d.first_slice) + INTERVAL 1 MINUTE AS measured_from, max(d.last_slice) + INTERVAL 1 MINUTE AS measured_to
    FROM slo_objective AS o
    LEFT JOIN slo_day AS d
        ON d.slo = o.slo AND d.objective = o.objective AND d.first_slice < CAST($now AS TIMESTAMP)
    GROUP BY o.slo, o.objective
)
SELECT
    slo, objective, now, measured_from,
    CASE WHEN measured_to > now THEN now ELSE measured_to END AS measured_to,
    CASE WHEN measured_to >= now - $stale_minutes * INTERVAL 1 MINUTE THEN least(measured_to, now) ELSE now END AS as_of
FROM known
