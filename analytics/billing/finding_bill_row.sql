/*
---
kind: finding
question: What was refused, odd or tolerated in the files of the bill?
---
*/
WITH problem AS (
    SELECT
        source, file, severity, row_number,
        concat(coalesce(column_name, ''), CASE WHEN value IS NULL THEN '' ELSE concat(' ', value) END,
               CASE WHEN column_name IS NULL AND value IS NULL THEN '' ELSE ': ' END, problem) AS reason
    FROM billing_problem
    WHERE problem <> 'the row as it was delivered'
),
counted AS (
    SELECT
        source, file, severity, count(DISTINCT row_number) AS row_count, min(row_number) AS first_row,
        count(CASE WHEN row_number IS NULL THEN 1 END) AS others,
        min(CASE WHEN row_number IS NULL THEN reason END) AS other
    FROM problem
    GROUP BY source, file, severity
),
first_of_file AS (
    SELECT p.source, p.file, p.severity, min(p.reason) AS reason
    FROM problem AS p
    JOIN counted AS c
        ON c.source = p.source AND c.file = p.file AND c.severity = p.severity AND c.first_row = p.row_number
    GROUP BY p.source, p.file, p.severity
)
SELECT
    CASE WHEN c.severity = 'note' THEN 'info' ELSE 'warning' END AS severity, 'billing' AS topic,
    concat(c.source, '/', c.file) AS subject,
    concat(
        CASE WHEN c.row_count = 0 THEN ''
             WHEN c.severity = 'refused' THEN concat(CAST(c.row_count AS VARCHAR), ' rows are refused and in no sum; ')
             ELSE concat(CAST(c.row_count AS VARCHAR), ' rows are in the sums and odd; ') END,
        CASE WHEN c.row_count = 0 THEN '' ELSE concat('row ', CAST(c.first_row AS VARCHAR), ', ', f.reason) END,
        CASE WHEN c.row_count > 0 AND c.others > 0 THEN '; ' ELSE '' END,
        CASE WHEN c.others > 1 THEN concat(CAST(c.others AS VARCHAR), ' remarks on the file, one of them: ') ELSE '' END,
        coalesce(c.other, '')
    ) AS text,
    CASE WHEN c.severity = 'note' THEN 'nothing to do; docs/billing.md says how each is read'
         ELSE 'correct the export and deliver the file again; billing_problem has every row' END AS remedy
FROM counted AS c
LEFT JOIN first_of_file AS f ON f.source = c.source AND f.file = c.file AND f.severity = c.severity
