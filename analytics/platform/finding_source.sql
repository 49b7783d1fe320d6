/*
---
kind: finding
question: Which sources fail or never ran?
---
*/
SELECT
    'warning' AS severity, 'sources' AS topic, source AS subject,
    CASE WHEN status = 'never' THEN concat(source, ' has never been collected')
         ELSE concat(source, ' failed ', CAST(failures AS VARCHAR), ' times in a row: ', coalesce(message, '')) END
        AS text,
    coalesce(remedy, 'run `meterline check`') AS remedy
FROM source_status
WHERE status <> 'ok'
