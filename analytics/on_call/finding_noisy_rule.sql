/*
---
kind: finding
question: Which rules page the most for nothing?
---
*/
WITH ranked AS (
    SELECT *, row_number() OVER (ORDER BY noise DESC, rule) AS place
    FROM rule_feedback
    WHERE evidence = 'enough' AND actionable + noise >= $low_confidence_n AND precision <= $noisy_precision
)
SELECT
    'warning' AS severity, 'on_call' AS topic, rule AS subject,
    concat(CAST(noise AS VARCHAR), ' of ', CAST(actionable + noise AS VARCHAR), ' judged pages of ', rule,
           ' needed no action') AS text,
    concat('give it a longer `for`, a higher threshold or the severity ticket; try it: `meterline alerts backtest ',
           rule, '`') AS remedy
FROM ranked
WHERE place <= 3
