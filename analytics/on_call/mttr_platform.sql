/*
---
kind: kpi
title: Mean time to restore
question: How long does it take to restore the service when the platform caused an incident?
formula: >
  sum of (restored - started) / incidents attributed to the platform, by the day they were restored; from the start of
  the impact where it is known, else from the page; median and p90 are in on_call_month
source: KPI 6
unit: s
direction: down
target: {op: "<", value: 14400, stretch: 3600}
missing: >
  open incidents are in neither part (open_n of on_call_month); incidents that nobody attributed are not the platform's
  (unattributed_n); the target is that of severity 2, its stretch that of severity 1
facts: [on_call_incident]
scopes: [severity, service, team]
---
*/
SELECT
    CAST(resolved_at AS DATE) AS day, severity, service, team, sum(ttr_s) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator, CAST(count(*) AS BIGINT) AS n
FROM on_call_page
WHERE attributed_to = 'platform' AND ttr_s IS NOT NULL
GROUP BY CAST(resolved_at AS DATE), severity, service, team
