/*
---
kind: result
title: Pipeline runs by day
question: How did the runs of each pipeline end on each day?
formula: runs by final state on the day they ended; timed out counts as failed
source: states normalised as in docs/pipelines.md
missing: no row on a day without ended runs; runs in flight are in pipeline_summary
---
*/
SELECT
    CAST(ended_at AS DATE) AS day, kind, pipeline,
    CAST(sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS BIGINT) AS success,
    CAST(sum(CASE WHEN state IN ('failed', 'timed_out') THEN 1 ELSE 0 END) AS BIGINT) AS failed,
    CAST(sum(CASE WHEN state = 'skipped' THEN 1 ELSE 0 END) AS BIGINT) AS skipped,
    CAST(sum(CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END) AS BIGINT) AS cancelled
FROM pipeline_run
WHERE ended_at IS NOT NULL AND state NOT IN ('queued', 'running') AND coalesce(run_type, '') <> 'backfill'
GROUP BY CAST(ended_at AS DATE), kind, pipeline
ORDER BY day, kind, pipeline
