/*
---
kind: result
title: GPU-hours by team
question: How many GPU-hours did each team hold, and how many of them worked?
formula: sums of held, idle, unmeasured and effective GPU-seconds of the team's namespaces / 3600
source: namespaces of teams in the configuration
missing: namespaces that no team owns are the team __unallocated__
---
*/
SELECT
    p.day, coalesce(t.team, '__unallocated__') AS team, p.cluster, p.namespace, p.gpu_model,
    sum(p.held_s) / 3600 AS allocated_h,
    sum(p.idle_s) / 3600 AS idle_h,
    sum(p.unmeasured_s) / 3600 AS unmeasured_h,
    sum(p.effective_s) / 3600 AS effective_h
FROM gpu_pod_halfhour AS p
LEFT JOIN namespace_team AS t ON t.day = p.day AND t.namespace = p.namespace
GROUP BY p.day, coalesce(t.team, '__unallocated__'), p.cluster, p.namespace, p.gpu_model
ORDER BY p.day, team, p.cluster, p.namespace, p.gpu_model
