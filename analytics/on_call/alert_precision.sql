/*
---
kind: kpi
title: Alert precision
question: How many of the pages that anybody judged were worth it?
formula: >
  actionable / (actionable + noise) pages, by the window in which they were created. Evidence in this order: what a
  person said, what the close code means, the rule (see on_call_page)
source: KPI 13
unit: ratio
direction: up
target: {op: ">", value: 0.70, stretch: 0.85}
missing: >
  not enough evidence (low_confidence, n is null) where fewer than half of the pages are judged; planned pages and
  duplicates are judged, and in neither part; no_data without a judged page
facts: [on_call_incident]
interval: wilson
---
*/
WITH counted AS (
    SELECT
        w.grain, w.period_start, w.period_end, o.scope, count(*) AS pages,
        sum(CASE WHEN o.verdict = 'actionable' THEN 1 ELSE 0 END) AS actionable,
        sum(CASE WHEN o.verdict IN ('actionable', 'noise') THEN 1 ELSE 0 END) AS weighed,
        sum(CASE WHEN o.verdict <> 'unknown' THEN 1 ELSE 0 END) AS judged
    FROM period AS w
    JOIN on_call_scope AS o ON o.created_at >= w.period_start AND o.created_at < w.period_end
    WHERE o.paged AND o.level = 'all'
    GROUP BY w.grain, w.period_start, w.period_end, o.scope
)
SELECT
    grain, period_start, period_end, scope, CAST(actionable AS DOUBLE) AS numerator,
    CAST(weighed AS DOUBLE) AS denominator,
    CASE WHEN judged >= $judged_share * pages THEN CAST(weighed AS BIGINT) END AS n
FROM counted
