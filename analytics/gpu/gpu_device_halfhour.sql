/*
---
kind: daily
question: How busy was each device, for whom, in each half hour?
formula: sums and weights of samples by device slice and owner
source: NVIDIA DCGM field definitions
missing: a half hour without samples has no row; a gap is not zero
---
*/
SELECT
    CAST(ts AS DATE) AS day,
    date_trunc('hour', ts)
        + CASE WHEN extract(minute FROM ts) >= 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 0 MINUTE END AS half_hour,
    cluster, node, device, slice, namespace, pod,
    max(gpu_model) AS gpu_model,
    max(CAST(share_num AS DOUBLE) / share_den) AS share, max(sharers) AS sharers, 300 * count(DISTINCT ts) AS covered_s,
    sum(compute_sum) AS compute_sum, sum(compute_n) AS compute_n,
    sum(sm_sum) AS sm_sum, sum(sm_n) AS sm_n,
    sum(util_sum) AS util_sum, sum(util_n) AS util_n
FROM gpu_activity
WHERE ts >= $start AND ts < $end
GROUP BY 1, 2, cluster, node, device, slice, namespace, pod
