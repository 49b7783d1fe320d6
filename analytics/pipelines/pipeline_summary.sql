/*
---
kind: result
title: Pipelines
question: How reliable was each pipeline lately, and how long did its runs wait?
formula: >
  success_rate = success / (success + failed) over runs that ended in the last 30 days; first_attempt_rate = the same with
  the state of the first attempt; queue = start of the first task's first try - queued
source: KPI 8 and KPI 9
missing: rates are null without ended runs; runs in flight are counted apart
---
*/
WITH recent AS (
    SELECT *,
           CASE WHEN coalesce(first_task_started_at, started_at) >= queued_at  -- clocks that disagree make no wait
                THEN date_diff('millisecond', queued_at, coalesce(first_task_started_at, started_at)) / 1e3 END AS wait_s
    FROM pipeline_run
    WHERE coalesce(run_type, '') <> 'backfill'
      AND coalesce(ended_at, started_at, queued_at, scheduled_for)
          >= CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY
),
run AS (  -- the percentile q lies between the neighbours of place q * last_place, each weighing 1 - its distance from there
    SELECT *,
           row_number() OVER (PARTITION BY kind, pipeline ORDER BY wait_s NULLS LAST) - 1 AS place,
           count(wait_s) OVER (PARTITION BY kind, pipeline) - 1 AS last_place
    FROM recent
)
SELECT
    kind, pipeline,
    CAST(sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS BIGINT) AS success,
    CAST(sum(CASE WHEN state IN ('failed', 'timed_out') THEN 1 ELSE 0 END) AS BIGINT) AS failed,
    CAST(sum(CASE WHEN state = 'skipped' THEN 1 ELSE 0 END) AS BIGINT) AS skipped,
    CAST(sum(CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END) AS BIGINT) AS cancelled,
    CAST(sum(CASE WHEN state IN ('queued', 'running') THEN 1 ELSE 0 END) AS BIGINT) AS in_flight,
    avg(CASE WHEN state = 'success' THEN 1e0 WHEN state IN ('failed', 'timed_out') THEN 0e0 END) AS success_rate,
    avg(CASE WHEN state NOT IN ('success', 'failed', 'timed_out') THEN NULL
             WHEN first_attempt_state = 'success' THEN 1e0
             WHEN first_attempt_state IN ('failed', 'timed_out') THEN 0e0 END) AS first_attempt_rate,
    sum(wait_s * greatest(1 - abs(place - 0.5 * last_place), 0)) AS queue_p50_s,
    sum(wait_s * greatest(1 - abs(place - 0.9 * last_place), 0)) AS queue_p90_s,
    sum(wait_s * greatest(1 - abs(place - 0.95 * last_place), 0)) AS queue_p95_s,
    sum(wait_s * greatest(1 - abs(place - 0.99 * last_place), 0)) AS queue_p99_s,
    max(wait_s) AS queue_max_s,
    max_by(state, coalesce(ended_at, started_at, queued_at)) AS last_state,
    max(ended_at) AS last_ended_at
FROM run
GROUP BY kind, pipeline
ORDER BY kind DESC, pipeline
