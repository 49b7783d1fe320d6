-- rollup (one row a series, measure and bucket) -> gpu_activity (one row a device slice, owner and bucket).
SELECT
    cluster, node, device, slice, any_value(slice_profile) AS slice_profile, any_value(gpu_model) AS gpu_model,
    namespace, pod, container,
    coalesce(any_value(share.num), 1) AS share_num, coalesce(any_value(share.den), 1) AS share_den,
    max(round(n / nullif(weight, 0)))::INTEGER AS sharers,
    ts,
    sum("sum") FILTER (measure = 'compute') AS compute_sum, sum(weight) FILTER (measure = 'compute') AS compute_n,
    sum("sum") FILTER (measure = 'sm') AS sm_sum, sum(weight) FILTER (measure = 'sm') AS sm_n,
    sum("sum") FILTER (measure = 'util') AS util_sum, sum(weight) FILTER (measure = 'util') AS util_n,
    sum("sum") FILTER (measure = 'tensor') AS tensor_sum, sum(weight) FILTER (measure = 'tensor') AS tensor_n,
    sum("sum") FILTER (measure = 'dram') AS dram_sum, sum(weight) FILTER (measure = 'dram') AS dram_n,
    sum("sum") FILTER (measure = 'mem_used') / nullif(sum(weight) FILTER (measure = 'mem_used'), 0) AS mem_used_bytes,
    sum("sum") FILTER (measure = 'power') / nullif(sum(weight) FILTER (measure = 'power'), 0) AS power_w
FROM rollup
LEFT JOIN share ON share.name = rollup.slice_profile
WHERE device IS NOT NULL AND kind = 'gauge'
GROUP BY cluster, node, device, slice, namespace, pod, container, ts
