-- rollup -> serving_count: engine ranks, response codes and handlers add up to one row an outcome.
SELECT layer, cluster, namespace, pod, service, model, tenant, measure, outcome, ts, sum(increase) AS value
FROM rollup
WHERE kind = 'counter'
GROUP BY ALL
HAVING sum(increase) > 0
