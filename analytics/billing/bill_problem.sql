/*
---
kind: result
title: What of a bill is in no sum
question: Which files of each month's bill repeat rows, and have rows or all of themselves refused?
formula: >
  repeated: rows equal in every column to another, by the month of their charge; refused: rows that could not be read, by
  the months that the file's other rows charge for
source: billing_charge and billing_problem
missing: month is null for a file of which no row could be read
---
*/
WITH charged AS (
    SELECT
        source, file, CAST(date_trunc('month', charge_period_start) AS DATE) AS month,
        sum(CASE WHEN duplicate THEN 1 ELSE 0 END) AS repeated
    FROM billing_charge
    GROUP BY source, file, CAST(date_trunc('month', charge_period_start) AS DATE)
),
refused AS (
    SELECT source, file, count(DISTINCT row_number) AS refused
    FROM billing_problem
    WHERE severity = 'refused' AND problem <> 'the row as it was delivered'
    GROUP BY source, file
)
SELECT
    c.month, coalesce(c.source, r.source) AS source, coalesce(c.file, r.file) AS file,
    CAST(coalesce(c.repeated, 0) AS BIGINT) AS repeated, CAST(coalesce(r.refused, 0) AS BIGINT) AS refused
FROM charged AS c
FULL JOIN refused AS r ON r.source = c.source AND r.file = c.file
WHERE coalesce(c.repeated, 0) > 0 OR r.file IS NOT NULL
