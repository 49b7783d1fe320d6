/*
---
kind: result
title: Recent pages and incidents
question: What happened lately, who took it, and how did it end?
formula: on_call_page of the last 90 days, newest first
source: on_call_page
missing: what the system does not tell is null
---
*/
SELECT
    source, id, alert_key, title, service, team, rule, severity, created_at, first_ack_at, ack_by, resolved_at,
    auto_resolved, verdict AS outcome, evidence, paged, tta_s, ttr_s, sleep, url
FROM on_call_page
WHERE created_at >= CAST($now AS TIMESTAMP) - $on_call_days * INTERVAL 1 DAY
ORDER BY created_at DESC, source, id
