/*
---
kind: finding
question: Which files of the bill repeat rows of another or of themselves?
---
*/
SELECT
    'warning' AS severity, 'billing' AS topic, concat(source, '/', file) AS subject,
    concat(file, ': ', CAST(count(*) AS VARCHAR), CASE WHEN count(*) = 1 THEN ' row repeats' ELSE ' rows repeat' END,
           ' another in every column, in this or another file: counted once (',
           CAST(CAST(sum(billed_cost) AS DECIMAL(18, 2)) AS VARCHAR), ' ', currency, ' billed); the first is row ',
           CAST(min(row_number) AS VARCHAR)) AS text,
    'if they are charges of their own, ask the provider for a column that tells them apart' AS remedy
FROM billing_charge
WHERE duplicate
GROUP BY source, file, currency
