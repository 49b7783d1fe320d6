/*
---
kind: result
title: Sources
question: Is every source being collected, and up to when?
formula: last run of each configured source and the earliest end of what it has stored
source: job_run and watermark
missing: a source that never ran has status never; what the service makes itself is no source
---
*/
SELECT
    c.source, c.type,
    CASE WHEN max(j.started_at) IS NULL THEN 'never' WHEN max(j.failures) > 0 THEN 'failing' ELSE 'ok' END AS status,
    min(w.collected_to) AS collected_to, max(j.succeeded_at) AS succeeded_at,
    coalesce(max(j.failures), 0) AS failures, max(j.message) AS message, max(j.remedy) AS remedy
FROM (SELECT * FROM configured_source WHERE type <> 'builtin') AS c
LEFT JOIN job_run AS j ON j.kind = 'source' AND j.job = concat('source:', c.source)
LEFT JOIN watermark AS w ON w.source = c.source AND w.fact = c.fact
GROUP BY c.source, c.type
ORDER BY c.source
