/*
---
kind: intermediate
question: Over which time, in which zone and by which hours is the on-call's day cut into shifts and sleep?
formula: from the first incident to now; hours of parameters.yaml in the report's time zone
source: on_call_incident, report_setting and parameters.yaml
missing: first_at is null while there is no incident
---
*/
WITH first_incident AS (
    SELECT min(created_at) AS first_at FROM on_call_incident
)
SELECT
    CAST($now AS TIMESTAMP) AS now, f.first_at, coalesce(r.timezone, 'UTC') AS timezone,
    CAST($shift_hours AS BIGINT) AS shift_hours, CAST($shift_start_hour AS BIGINT) AS shift_start_hour,
    CAST($sleep_from_hour AS BIGINT) AS sleep_from_hour, CAST($sleep_to_hour AS BIGINT) AS sleep_to_hour
FROM first_incident AS f
LEFT JOIN report_setting AS r ON 1 = 1
