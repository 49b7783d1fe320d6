/*
---
kind: kpi
title: Serving availability
question: Which share of valid requests did the services answer without a failure of ours?
formula: (valid - bad) / valid, valid = requests - client aborts - client errors
source: KPI 7 (event SLI); the platform's figure is a ratio of sums, not a mean of ratios
unit: ratio
direction: up
target: {op: ">=", value: 0.995, stretch: 0.999}
missing: no_data without valid requests
facts: [serving_count]
scopes: [service, team]
interval: wilson
---
*/
SELECT
    day, service, team,
    requests - aborted - client_error - bad AS numerator,
    requests - aborted - client_error AS denominator,
    requests - aborted - client_error AS n
FROM serving_day
