-- One row a touched run, from all that was ever seen of it and from its tries (`task`).
-- Clearing a run rewrites queued_at, start_date and end_date under the same id, so:
--   queued_at, started_at   the earliest ever seen, those of the first attempt
--   state, ended_at         the last end that was seen; a re-run replaces it when it has ended, not when it is queued
--   first_attempt_state     failed when the first end was a failure or any task's first try failed
--   attempts                the highest try of any task
-- Airflow calls a run whose train task was skipped a success; here it is skipped.
WITH seen AS (
    SELECT
        document.body ->> '$.dag_id' AS pipeline, document.body ->> '$.dag_run_id' AS run_id,
        coalesce(s.state, 'unknown') AS state, document.body ->> '$.run_type' AS run_type,
        CAST(CAST(document.body ->> '$.queued_at' AS TIMESTAMPTZ) AS TIMESTAMP) AS queued_at,
        CAST(CAST(document.body ->> '$.start_date' AS TIMESTAMPTZ) AS TIMESTAMP) AS started_at,
        CAST(CAST(document.body ->> '$.end_date' AS TIMESTAMPTZ) AS TIMESTAMP) AS ended_at,
        CAST(CAST(document.body ->> '$.run_after' AS TIMESTAMPTZ) AS TIMESTAMP) AS scheduled_for,
        document.observed_at
    FROM raw_document AS document
    SEMI JOIN touched ON touched.run = document.natural_id
    LEFT JOIN run_state AS s ON s.airflow = (document.body ->> '$.state')
    WHERE document.source = $source AND document.kind = 'dag_run'
),
run AS (
    SELECT
        pipeline, run_id,
        coalesce(max_by(state, observed_at) FILTER (WHERE state IN ('success', 'failed')),
                 max_by(state, observed_at)) AS state,
        min_by(state, observed_at) FILTER (WHERE state IN ('success', 'failed')) AS first_end,
        max_by(ended_at, observed_at) FILTER (WHERE state IN ('success', 'failed')) AS ended_at,
        max_by(run_type, observed_at) AS run_type, max_by(scheduled_for, observed_at) AS scheduled_for,
        min(queued_at) AS queued_at, min(started_at) AS started_at, max(observed_at) AS observed_at
    FROM seen
    GROUP BY pipeline, run_id
),
last_try AS (
    SELECT pipeline, run_id, state, regexp_replace(task, '\[\d+\]$', '') AS task
    FROM task
    QUALIFY row_number() OVER (PARTITION BY pipeline, run_id, task ORDER BY try_number DESC) = 1
),
training AS (
    SELECT pipeline, run_id, bool_and(state = 'skipped') AS skipped
    FROM last_try WHERE task GLOB $train_task
    GROUP BY pipeline, run_id
),
tries AS (
    SELECT
        pipeline, run_id, max(try_number) AS attempts, min(started_at) AS first_task_started_at,
        bool_or(try_number = 1 AND state = 'failed') AS first_failed, max(observed_at) AS observed_at
    FROM task
    GROUP BY pipeline, run_id
),
judged AS (
    SELECT
        run.*, kind.kind, tries.attempts, tries.first_task_started_at, coalesce(tries.first_failed, false) AS first_failed,
        kind.kind = 'training' AND run.state = 'success' AND coalesce(training.skipped, false) AS skipped,
        tries.observed_at AS tries_observed_at
    FROM run
    JOIN kind ON kind.pipeline = run.pipeline
    LEFT JOIN tries ON tries.pipeline = run.pipeline AND tries.run_id = run.run_id
    LEFT JOIN training ON training.pipeline = run.pipeline AND training.run_id = run.run_id
)
SELECT
    $source AS source, 'airflow' AS system, pipeline, kind, run_id, run_type,
    CASE WHEN skipped THEN 'skipped' ELSE state END AS state,
    CASE WHEN first_failed OR first_end = 'failed' THEN 'failed' WHEN skipped THEN 'skipped' ELSE first_end END
        AS first_attempt_state,
    coalesce(attempts, 0) AS attempts, queued_at, started_at, first_task_started_at, ended_at, scheduled_for,
    greatest(observed_at, coalesce(tries_observed_at, observed_at)) AS observed_at
FROM judged
