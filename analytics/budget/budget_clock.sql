/*
---
kind: intermediate
question: As of when do we know what was spent, and how is the rest of a period projected?
formula: >
  known_from and known_to: from the first moment to the last that every configured source of quantities has collected;
  settled_before: periods that ended before it take no more late data
source: watermark and parameters.yaml
missing: known_from and known_to are null while nothing was collected
---
*/
WITH collected AS (
    SELECT w.source, w.fact, min(w.collected_from) AS collected_from, min(w.collected_to) AS collected_to
    FROM watermark AS w
    JOIN configured_source AS c ON c.source = w.source AND c.fact = w.fact
    WHERE w.fact IN ('gpu_allocation', 'gpu_capacity', 'compute_allocation', 'compute_capacity')
    GROUP BY w.source, w.fact
),
known AS (
    SELECT min(collected_from) AS known_from, min(collected_to) AS known_to FROM collected
)
SELECT
    CAST($now AS TIMESTAMP) AS now, r.timezone, k.known_from, k.known_to,
    CAST($now AS TIMESTAMP) - $provisional_hours * INTERVAL 1 HOUR AS settled_before,
    CAST($projection_days AS BIGINT) AS projection_days,
    CAST($projection_least_days AS DOUBLE) AS projection_least_days
FROM known AS k
LEFT JOIN report_setting AS r ON 1 = 1
