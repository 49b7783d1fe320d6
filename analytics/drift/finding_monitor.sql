/*
---
kind: finding
question: Which models are not watched, or by a monitor that fell silent, or have drifted?
---
*/
SELECT
    'warning' AS severity, 'drift' AS topic, model AS subject,
    CASE WHEN status = 'missing' THEN concat(model, ' has no drift monitor')
         WHEN status = 'stale' THEN concat('the drift monitor of ', model, ' last reported on ',
                                           CAST(CAST(last_result_at AS DATE) AS VARCHAR))
         ELSE concat(CAST(drifted_columns AS VARCHAR), ' of ', CAST(columns AS VARCHAR), ' columns of ', model,
                     ' drifted in its last report') END AS text,
    CASE WHEN status = 'missing' THEN 'add an Evidently report for it, with the model name in its metadata'
         WHEN status = 'stale' THEN 'see whether the job that makes its reports still runs'
         ELSE 'compare the current data with the reference on the Drift page' END AS remedy
FROM drift_model
WHERE status <> 'covered' OR drifted_columns > 0
