/*
---
kind: result
title: What a bill lacks or cannot trust
question: When do prices contradict each other, leave a gap or lack a rate, and when does a source contradict another?
formula: >
  price problems as the configuration was resolved; days on which a pod's use was negative; days on which pods of a node
  held more than it had. Times are UTC, half-open, null: open
source: prices of the configuration; compute_allocation_day, gpu_pod_halfhour, held_quantity, node_quantity
missing: no row when all is well; hours without any price are named by the bill itself
---
*/
WITH over AS (
    SELECT h.day, h.cluster, h.node, h.resource
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
),
negative AS (
    SELECT day, cluster, namespace, pod, concat('negative ', resource, ' use') AS what
    FROM compute_allocation_day
    WHERE negative < 0
    GROUP BY day, cluster, namespace, pod, resource
    UNION ALL
    SELECT day, cluster, namespace, pod, 'negative GPU activity'
    FROM gpu_pod_halfhour
    WHERE effective_s < 0
    GROUP BY day, cluster, namespace, pod
)
SELECT
    subject, valid_from, valid_to, concat(problem, '; what was there then is shown and costs nothing') AS problem, remedy
FROM price_problem
UNION ALL
SELECT
    concat(coalesce(cluster, ''), '/', namespace, '/', pod), CAST(day AS TIMESTAMP), CAST(day AS TIMESTAMP) + INTERVAL 1 DAY,
    concat(what, ' of pod ', pod, ' on ', CAST(day AS VARCHAR), '; it counts as none'),
    'compare what the exporters of its node report with the kubelet and the device; a counter may run backwards'
FROM negative
UNION ALL
SELECT
    concat(coalesce(cluster, ''), '/', node), CAST(day AS TIMESTAMP), CAST(day AS TIMESTAMP) + INTERVAL 1 DAY,
    concat('pods of ', node, ' held more ', resource, ' on ', CAST(day AS VARCHAR),
           ' than the node had; the surplus is charged and idle is 0'),
    'compare the capacity that kube-state-metrics reports of the node with the requests of its pods'
FROM over
