/*
---
kind: finding
question: Which SLOs are broken, or not measured?
---
*/
SELECT
    CASE WHEN state = 'breached' THEN 'error' ELSE 'warning' END AS severity, 'slo' AS topic,
    concat(slo, ' ', objective) AS subject,
    CASE WHEN state = 'breached'
         THEN concat(slo, ' ', objective, ' has used up its error budget: ',
                     CAST(CAST(round(100 * (1 - budget_left_ratio)) AS BIGINT) AS VARCHAR), ' % of it, by ', method, ' over ', "window")
         WHEN measured_to IS NULL
         THEN concat(slo, ' ', objective, ' has never been measured')
         ELSE concat(slo, ' ', objective, ' has not been measured since ', CAST(measured_to AS VARCHAR), ' UTC')
    END AS text,
    CASE WHEN state = 'breached'
         THEN 'see when it burnt with `meterline slo` and on the page SLOs'
         ELSE 'look at the queries of its indicator and at the state of its source with `meterline check`' END AS remedy
FROM slo_status
WHERE state IN ('breached', 'no_data')
