/*
---
kind: result
title: Recent runs
question: Which pipeline runs ended or began last?
formula: the newest 200 runs; duration = end - start, queue = start of the first task's first try - queued
source: pipeline_run
missing: times that the source has not told yet are null
---
*/
SELECT
    kind, pipeline, run_id, state, first_attempt_state, attempts, queued_at, started_at, ended_at,
    date_diff('millisecond', started_at, ended_at) / 1e3 AS duration_s,
    date_diff('millisecond', queued_at, coalesce(first_task_started_at, started_at)) / 1e3 AS queue_s
FROM pipeline_run
ORDER BY coalesce(ended_at, started_at, queued_at, scheduled_for) DESC, pipeline, run_id
LIMIT 200
