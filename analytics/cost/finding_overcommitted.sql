/*
---
kind: finding
question: Where do pods hold more than the node has, so that a source contradicts another?
---
*/
SELECT
    'warning' AS severity, 'cost' AS topic, concat(coalesce(h.cluster, ''), '/', h.node) AS subject,
    concat('on ', CAST(h.day AS VARCHAR), ' pods of ', h.node, ' held more ', h.resource,
           ' than the node had; the surplus is charged and idle is 0') AS text,
    'compare kube_node_status_capacity with the requests of its pods' AS remedy
FROM (
    SELECT day, cluster, node, resource, sum(milli_unit_seconds) AS held
    FROM gpu_allocation_day GROUP BY day, cluster, node, resource
) AS h
JOIN (
    SELECT day, cluster, node, resource, sum(milli_unit_seconds) AS had
    FROM gpu_capacity_day GROUP BY day, cluster, node, resource
) AS c ON c.day = h.day AND c.cluster IS NOT DISTINCT FROM h.cluster AND c.node = h.node AND c.resource = h.resource
WHERE h.held > c.had
