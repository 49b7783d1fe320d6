/*
---
kind: kpi
title: Platform incidents
question: How many severe incidents did the platform cause?
formula: >
  incidents of severity 1 or 2 attributed to the platform, by the window in which they started; merged ones and
  duplicates count once, with the worst severity that they had. n is the number of days of the window so far
source: KPI 5
unit: count
direction: down
missing: >
  0 is a window without such incidents; no_data where severe incidents are known and none of them is attributed to
  anybody; unattributed_n and repeat_n are in on_call_month
facts: [on_call_incident]
---
*/
WITH severe AS (
    SELECT severity, started_at, attributed_to FROM on_call_page WHERE severity <= 2
),
counted AS (
    SELECT
        w.grain, w.period_start, w.period_end, count(s.severity) AS severe,
        sum(CASE WHEN s.attributed_to IS NOT NULL THEN 1 ELSE 0 END) AS attributed,
        sum(CASE WHEN s.attributed_to = 'platform' THEN 1 ELSE 0 END) AS ours
    FROM period AS w
    LEFT JOIN severe AS s ON s.started_at >= w.period_start AND s.started_at < w.period_end
    GROUP BY w.grain, w.period_start, w.period_end
)
SELECT
    grain, period_start, period_end, 'platform' AS scope,
    CASE WHEN severe = 0 OR attributed > 0 THEN CAST(ours AS DOUBLE) END AS numerator,
    CAST(1 AS DOUBLE) AS denominator,
    CAST(ceil(date_diff('millisecond', period_start, least(period_end, CAST($now AS TIMESTAMP))) / 864e5) AS BIGINT)
        AS n
FROM counted
