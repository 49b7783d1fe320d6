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
    CASE WHEN severity IS NULL THEN 'give it a longer `for`, a higher threshold or no pager where it is written'
         ELSE concat('give it a longer `for`, a higher threshold or the severity ticket; try it: `meterline alerts ',
                     'backtest ', rule, '`') END AS remedy  -- without a severity it is no rule of ours
FROM ranked
WHERE place <= 3
