/*
---
kind: intermediate
question: Which different sets of labels do pods carry?
---
*/
SELECT DISTINCT labels FROM pod_label_day WHERE labels IS NOT NULL
