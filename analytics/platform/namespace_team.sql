/*
---
kind: intermediate
question: Which team owned each namespace on each day, where a day is not cut?
formula: the owner in the day's last time slice
source: namespace_slice
missing: a namespace without a row had no owner that day
---
*/
SELECT day, namespace, max_by(team, slice_start) AS team
FROM namespace_slice
GROUP BY day, namespace
