/*
---
kind: intermediate
question: Which pages count for the platform, for each service and team, in all and by severity?
formula: a page counts once for the platform, once for its service and once for its team; in `all` and in its severity
source: on_call_page
missing: a page without a service, team or severity is in no such row, and in those of the platform
---
*/
WITH scoped AS (
    SELECT p.source, p.id, 'platform' AS scope FROM on_call_page AS p
    UNION ALL
    SELECT p.source, p.id, concat('service:', p.service) FROM on_call_page AS p WHERE p.service IS NOT NULL
    UNION ALL
    SELECT p.source, p.id, concat('team:', p.team) FROM on_call_page AS p WHERE p.team IS NOT NULL
),
levelled AS (
    SELECT p.source, p.id, 'all' AS level FROM on_call_page AS p
    UNION ALL
    SELECT p.source, p.id, CAST(p.severity AS VARCHAR) FROM on_call_page AS p WHERE p.severity IS NOT NULL
)
SELECT
    s.scope, l.level, p.source, p.id, p.rule, p.severity, p.paged, p.created_at, p.first_ack_at, p.resolved_at,
    p.start_known, p.started_at, p.tta_s, p.ttr_s, p.verdict, p.attributed_to, p.repeated, p.refired, p.sleep
FROM on_call_page AS p
JOIN scoped AS s ON s.source = p.source AND s.id = p.id
JOIN levelled AS l ON l.source = p.source AND l.id = p.id
