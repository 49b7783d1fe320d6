-- Every try of every task of the touched runs, from all that was ever seen of it. The newest observation that says how
-- the try ended counts, else the newest of all: clearing a task empties the answer, and must not undo what was known.
-- A mapped task is `task[index]`. Try 0 is a task that never started; it has a row only while there is no other try.
WITH observation AS (
    SELECT
        document.body, document.observed_at, document.kind,
        document.body ->> '$.dag_id' AS pipeline, document.body ->> '$.dag_run_id' AS run_id,
        concat(document.body ->> '$.task_id',
               CASE WHEN CAST(document.body ->> '$.map_index' AS INTEGER) >= 0
                    THEN concat('[', document.body ->> '$.map_index', ']') END) AS task,
        CAST(document.body ->> '$.try_number' AS INTEGER) AS try_number,
        document.body ->> '$.state' AS airflow_state
    FROM raw_document AS document
    SEMI JOIN touched ON touched.run = regexp_replace(document.natural_id, '(/[^/]+){3}$', '')
    WHERE document.source = $source AND document.kind IN ('task_instance', 'task_try')
),
read AS (
    SELECT
        o.*,
        CASE WHEN o.airflow_state IS NULL THEN 'queued' ELSE coalesce(s.state, 'unknown') END AS state
    FROM observation AS o LEFT JOIN task_state AS s ON s.airflow = o.airflow_state
),
best AS (
    SELECT * FROM read
    QUALIFY row_number() OVER (
        PARTITION BY pipeline, run_id, task, try_number
        ORDER BY state IN ('success', 'failed', 'skipped') DESC, observed_at DESC, kind DESC
    ) = 1
)
SELECT
    $source AS source, 'airflow' AS system, pipeline, run_id, task, try_number, state,
    CAST(CAST(body ->> '$.queued_when' AS TIMESTAMPTZ) AS TIMESTAMP) AS queued_at,
    CASE WHEN try_number > 0 THEN CAST(CAST(body ->> '$.start_date' AS TIMESTAMPTZ) AS TIMESTAMP) END AS started_at,
    CAST(CAST(body ->> '$.end_date' AS TIMESTAMPTZ) AS TIMESTAMP) AS ended_at, observed_at
FROM best
QUALIFY try_number > 0 OR max(try_number) OVER (PARTITION BY pipeline, run_id, task) = 0
