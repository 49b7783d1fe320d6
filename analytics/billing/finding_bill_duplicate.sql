/*
---
kind: finding
question: Which files of the bill repeat rows of another or of themselves?
---
*/
SELECT
    'warning' AS severity, 'billing' AS topic, concat(source, '/', file) AS subject,
    concat(CAST(count(*) AS VARCHAR), ' rows repeat a row of this or another file in every column and are in no sum (',
           CAST(CAST(sum(billed_cost) AS DECIMAL(18, 2)) AS VARCHAR), ' ', currency, ' billed), the first is row ',
           CAST(min(row_number) AS VARCHAR)) AS text,
    'if they are charges of their own, ask the provider for a column that tells them apart' AS remedy
FROM billing_charge
WHERE duplicate
GROUP BY source, file, currency
