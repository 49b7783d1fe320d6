/*
---
kind: result
title: Drift scores
question: How did the drift score of each column move against its threshold?
formula: scores as the monitor reported them; a p-value drifts below its threshold, a distance above
source: drift_score
missing: no row where the monitor did not report
---
*/
SELECT model, column_name, method, ts, score, threshold, drifted, dataset_role
FROM drift_score
WHERE ts >= CAST($now AS TIMESTAMP) - 90 * INTERVAL 1 DAY
ORDER BY model, column_name, ts
