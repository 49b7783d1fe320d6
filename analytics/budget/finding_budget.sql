/*
---
kind: finding
question: Which budgets are exceeded, or will be by the end of their period?
---
*/
SELECT
    'warning' AS severity, 'budget' AS topic, concat(b.scope, ' ', b.period, ' ', CAST(b.start AS VARCHAR)) AS subject,
    CASE WHEN b.state = 'over'
         THEN concat(b.scope, ' has spent ', CAST(b.spent AS VARCHAR), ' of ', CAST(b.budget AS VARCHAR), ' ',
                     coalesce(r.currency, ''), ' budgeted for the ', b.period, ' from ', CAST(b.start AS VARCHAR))
         ELSE concat(b.scope, ' will have spent about ', CAST(b.projected AS VARCHAR), ' of ', CAST(b.budget AS VARCHAR),
                     ' ', coalesce(r.currency, ''), ' budgeted for the ', b.period, ' from ', CAST(b.start AS VARCHAR),
                     ', at the pace of the last days') END AS text,
    concat('see what it is spent on with `meterline showback`, or change the budget of ', b.scope,
           ' in the configuration') AS remedy
FROM budget_status AS b
LEFT JOIN report_setting AS r ON 1 = 1
WHERE b.provisional AND b.state IN ('over', 'projected_over')
