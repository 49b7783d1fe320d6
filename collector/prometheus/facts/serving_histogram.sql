-- rollup -> serving_histogram: buckets with the same bound add up over engine ranks and response codes.
SELECT layer, cluster, namespace, pod, service, model, tenant, measure, le, ts, sum(increase) AS count
FROM rollup
WHERE kind = 'histogram' AND le IS NOT NULL
GROUP BY ALL
HAVING sum(increase) > 0
