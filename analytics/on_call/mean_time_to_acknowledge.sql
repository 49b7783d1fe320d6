/*
---
kind: kpi
title: Mean time to acknowledge
question: How long does a page wait until a person takes it?
formula: >
  sum of (first acknowledgement by a person - page) / acknowledged pages, by the day of the page; median and p90 are in
  on_call_month
source: KPIs 6 and 13
unit: s
direction: down
missing: pages that nobody acknowledged are not 0 s, they are in neither part (unacked_n of on_call_month)
facts: [on_call_incident]
scopes: [severity, service, team]
---
*/
SELECT
    day, severity, service, team, sum(tta_s) AS numerator, CAST(count(*) AS DOUBLE) AS denominator,
    CAST(count(*) AS BIGINT) AS n
FROM on_call_page
WHERE paged AND tta_s IS NOT NULL
GROUP BY day, severity, service, team
