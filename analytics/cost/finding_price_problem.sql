/*
---
kind: finding
question: Where do prices contradict each other, leave a gap, or lack a currency rate?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, subject,
    concat(problem, '; what was there then is shown and costs nothing') AS text, remedy
FROM price_problem
CROSS JOIN fact_span AS f
WHERE (valid_from IS NULL OR valid_from < f.now) AND (valid_to IS NULL OR valid_to > f.facts_from)
