/*
---
kind: finding
question: What is wrong with prices and with what sources say of use and capacity, in the time of the facts?
---
*/
SELECT 'warning' AS severity, 'cost' AS topic, p.subject, p.problem AS text, p.remedy
FROM cost_problem AS p
CROSS JOIN fact_span AS f
WHERE (p.valid_from IS NULL OR p.valid_from < f.now) AND (p.valid_to IS NULL OR p.valid_to > f.facts_from)
