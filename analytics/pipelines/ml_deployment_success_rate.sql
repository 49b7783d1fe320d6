/*
---
kind: kpi
title: ML deployment success rate
question: How many runs of deployment pipelines that ended succeeded?
formula: success / (success + failed + timed out); a run counts once, with its final state, in the window where it ended
source: KPI 3
unit: ratio
direction: up
target: {op: ">=", value: 0.95, stretch: 0.99}
missing: no_data without ended runs; cancelled and skipped runs are in neither part, backfills are apart
facts: [pipeline_run]
scopes: [pipeline]
interval: wilson
---
*/
SELECT day, pipeline, success AS numerator, success + failed AS denominator, success + failed AS n
FROM pipeline_day
WHERE kind = 'deployment'
