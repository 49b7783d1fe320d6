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
    'compare the capacity that kube-state-metrics reports of the node with the requests of its pods' AS remedy
FROM (
    SELECT day, slice_start, cluster, node, resource, sum(quantity) AS held
    FROM held_quantity GROUP BY day, slice_start, cluster, node, resource
) AS h
JOIN (
    SELECT slice_start, cluster, node, resource, sum(quantity) AS had
    FROM node_quantity GROUP BY slice_start, cluster, node, resource
) AS c
    ON c.slice_start = h.slice_start AND c.cluster IS NOT DISTINCT FROM h.cluster AND c.node = h.node
    AND c.resource = h.resource
WHERE h.held > c.had
GROUP BY h.day, h.cluster, h.node, h.resource
