/*
---
kind: result
title: Rules and what their pages were worth
question: Which rules page, how often, and how many of their pages were worth it?
formula: pages of the last 90 days by rule; precision = actionable / (actionable + noise), coverage = judged / pages
source: KPI 13; on_call_page and alert_rule
missing: a page rule that never paged has 0 pages; pages whose system does not tell the rule are in no row
---
*/
WITH page AS (
    SELECT * FROM on_call_page
    WHERE paged AND rule IS NOT NULL AND created_at >= CAST($now AS TIMESTAMP) - $on_call_days * INTERVAL 1 DAY
),
ruled AS (
    SELECT rule FROM page
    UNION
    SELECT rule FROM alert_rule WHERE page
),
known AS (
    SELECT rule, min(severity) AS severity, min(service) AS service, min(team) AS team, min(owner) AS owner,
           min(runbook_url) AS runbook_url
    FROM alert_rule
    GROUP BY rule
),
counted AS (
    SELECT
        r.rule, count(p.id) AS pages, sum(CASE WHEN p.verdict = 'actionable' THEN 1 ELSE 0 END) AS actionable,
        sum(CASE WHEN p.verdict = 'noise' THEN 1 ELSE 0 END) AS noise,
        sum(CASE WHEN p.verdict = 'unknown' THEN 1 ELSE 0 END) AS unknown,
        sum(CASE WHEN p.refired THEN 1 ELSE 0 END) AS refired_n, sum(CASE WHEN p.sleep THEN 1 ELSE 0 END) AS sleep_n,
        max(p.created_at) AS last_page_at
    FROM ruled AS r
    LEFT JOIN page AS p ON p.rule = r.rule
    GROUP BY r.rule
)
SELECT
    c.rule, k.severity, k.service, k.team, k.owner, k.runbook_url, CAST(c.pages AS BIGINT) AS pages,
    CAST(c.actionable AS BIGINT) AS actionable, CAST(c.noise AS BIGINT) AS noise, CAST(c.unknown AS BIGINT) AS unknown,
    CASE WHEN c.actionable + c.noise > 0 THEN c.actionable / CAST(c.actionable + c.noise AS DOUBLE) END AS precision,
    CASE WHEN c.pages > 0 THEN (c.pages - c.unknown) / CAST(c.pages AS DOUBLE) END AS coverage,
    CASE WHEN c.pages = 0 THEN 'no pages'
         WHEN (c.pages - c.unknown) / CAST(c.pages AS DOUBLE) < $judged_share THEN 'not enough evidence'
         ELSE 'enough' END AS evidence,
    CAST(c.refired_n AS BIGINT) AS refired_n, CAST(c.sleep_n AS BIGINT) AS sleep_n, c.last_page_at
FROM counted AS c
LEFT JOIN known AS k ON k.rule = c.rule
ORDER BY c.pages DESC, c.rule
