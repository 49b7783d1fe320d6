/*
---
kind: daily
question: Was a node on demand or spot, of which instance type, in which region, with how many cards?
formula: the newest statement of the day; cards are those that its GPU metrics name, else its label
source: node_attribute and gpu_device_halfhour
missing: null where no label says it
---
*/
WITH stated AS (
    SELECT
        CAST(ts AS DATE) AS day, cluster, node, max_by(capacity_type, ts) AS capacity_type,
        max_by(region, ts) AS region, max_by(instance_type, ts) AS instance_type, max_by(gpus, ts) AS gpus
    FROM node_attribute
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), cluster, node
),
device AS (
    SELECT day, cluster, node, count(DISTINCT device) AS gpus
    FROM gpu_device_halfhour
    WHERE day >= CAST($start AS DATE) AND day < CAST($end AS DATE)
    GROUP BY day, cluster, node
)
SELECT
    coalesce(s.day, d.day) AS day, coalesce(s.cluster, d.cluster) AS cluster, coalesce(s.node, d.node) AS node,
    s.capacity_type, s.region, s.instance_type, CAST(coalesce(d.gpus, s.gpus) AS BIGINT) AS gpus
FROM stated AS s
FULL JOIN device AS d ON d.day = s.day AND d.cluster IS NOT DISTINCT FROM s.cluster AND d.node = s.node
