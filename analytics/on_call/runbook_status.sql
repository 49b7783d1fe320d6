/*
---
kind: result
title: Page rules and their runbooks
question: Does every rule that wakes somebody have a runbook that is there and was looked at lately?
formula: >
  missing: no runbook_url; unchecked: never asked for; dead: it did not answer when last asked; stale: reviewed 180 days
  ago or longer, or never; else complete
source: KPI 14; alert_rule and runbook_check
missing: no row for rules that page nobody
---
*/
WITH last_check AS (
    SELECT runbook_url, max_by(answers, checked_at) AS answers, max_by(answer, checked_at) AS answer,
           max(checked_at) AS checked_at
    FROM runbook_check
    GROUP BY runbook_url
)
SELECT
    r.rule, r.kind, r.service, r.team, r.tier, r.owner, r.runbook_url, c.answers, c.answer, c.checked_at, r.reviewed_on,
    CASE WHEN r.runbook_url IS NULL THEN 'missing' WHEN c.answers IS NULL THEN 'unchecked'
         WHEN NOT c.answers THEN 'dead'
         WHEN r.reviewed_on IS NULL THEN 'stale'
         WHEN r.reviewed_on <= CAST(CAST($now AS TIMESTAMP) - $runbook_days * INTERVAL 1 DAY AS DATE) THEN 'stale'
         ELSE 'complete' END AS status
FROM alert_rule AS r
LEFT JOIN last_check AS c ON c.runbook_url = r.runbook_url
WHERE r.page
ORDER BY r.tier, r.rule
