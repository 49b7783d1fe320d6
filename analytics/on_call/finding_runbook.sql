/*
---
kind: finding
question: Which rules wake somebody without a runbook that helps?
---
*/
SELECT
    'warning' AS severity, 'on_call' AS topic, rule AS subject,
    CASE status WHEN 'missing' THEN concat(rule, ' pages and has no runbook')
                WHEN 'dead' THEN concat('the runbook of ', rule, ' does not answer (', coalesce(answer, 'unknown'), ')')
                ELSE concat('the runbook of ', rule, ' has not been reviewed for half a year') END AS text,
    CASE status WHEN 'missing' THEN 'set its runbook_url'
                WHEN 'dead' THEN concat('see whether ', runbook_url, ' moved')
                ELSE 'read it and write the date' END AS remedy
FROM runbook_status
WHERE status IN ('missing', 'dead') OR (status = 'stale' AND tier = 1)
