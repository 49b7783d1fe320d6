-- rollup -> serving_gauge: queue lengths of the ranks of one pod add up.
SELECT layer, cluster, namespace, pod, service, model, measure, ts,
       sum("sum" / nullif(weight, 0)) AS mean, sum("max") AS max
FROM rollup
WHERE kind = 'gauge'
GROUP BY ALL
