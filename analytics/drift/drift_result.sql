/*
---
kind: intermediate
question: When did each model's monitor report, and on what?
formula: one row a snapshot with the number of its columns and of those that drifted
source: drift_score
missing: a model without a snapshot has no row
---
*/
SELECT
    model, min(monitor) AS monitor, snapshot_id, ts,
    CAST(count(DISTINCT column_name) AS BIGINT) AS columns,
    CAST(count(DISTINCT CASE WHEN drifted THEN column_name END) AS BIGINT) AS drifted_columns,
    min(n_current) AS n_current
FROM drift_score
GROUP BY model, snapshot_id, ts
