/*
---
kind: result
title: GPU health events
question: What went wrong with GPUs in the last 30 days, who held them, and what does it ask for?
formula: >
  events by 5-minute bucket; `action` and `page` of an XID come from xid_action; an uncorrectable memory error or a failed
  row remapping asks for a drain, retired memory for a reset, corrected errors and throttling for watching
source: DCGM fields of the device (XID, ECC, row remapping, retired pages, violations)
missing: a kind whose counters an exporter does not serve has no rows; a repeated XID that no 0 separates is one event
---
*/
SELECT
    h.ts, h.cluster, h.node, h.device, h.gpu_model, h.namespace, h.pod, t.team, h.kind, h.code, h.count,
    CASE
        WHEN h.kind = 'xid' THEN coalesce(x.meaning, 'unknown XID')
        WHEN h.kind = 'ecc_double_bit' THEN 'uncorrectable memory error'
        WHEN h.kind = 'ecc_single_bit' THEN 'corrected memory error'
        WHEN h.kind = 'row_remap_failure' THEN 'remapping a row failed'
        WHEN h.kind = 'retired_page' THEN 'memory taken out of use'
        WHEN h.kind = 'thermal_throttle' THEN 'slowed down by heat'
        WHEN h.kind = 'power_throttle' THEN 'slowed down by its power limit'
        ELSE h.kind
    END AS meaning,
    CASE
        WHEN h.kind = 'xid' THEN coalesce(x.action, 'restart')
        WHEN h.kind IN ('ecc_double_bit', 'row_remap_failure') THEN 'drain'
        WHEN h.kind = 'retired_page' THEN 'reset'
        ELSE 'watch'
    END AS action,
    CASE
        WHEN h.kind = 'xid' THEN coalesce(x.page, false)
        ELSE h.kind IN ('ecc_double_bit', 'row_remap_failure')
    END AS page
FROM gpu_health AS h
LEFT JOIN xid_action AS x ON x.code = h.code AND h.kind = 'xid'
LEFT JOIN namespace_team AS t ON t.day = CAST(h.ts AS DATE) AND t.namespace = h.namespace
WHERE h.ts >= CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY
ORDER BY h.ts DESC, h.cluster, h.node, h.device, h.kind, h.code
