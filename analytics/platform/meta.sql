/*
---
kind: result
title: About these results
question: In which currency and from which facts are these results?
formula: settings of the configuration and the span of facts
source: report of the configuration
missing: no row before the configuration was stored
---
*/
SELECT r.currency, r.timezone, f.now AS computed_at, f.facts_from, f.facts_to
FROM report_setting AS r
CROSS JOIN fact_span AS f
