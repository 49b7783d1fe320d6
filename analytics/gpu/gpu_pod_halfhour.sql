/*
---
kind: daily
question: What did each pod hold in each half hour, and how much of it worked?
formula: >
  held = requested GPUs x seconds bound; effective = held x best activity signal of the pod's devices (SM_ACTIVE, else
  GR_ENGINE_ACTIVE, else GPU_UTIL); idle = held x (1 - signal) on devices whose engine was active under 5 % of the half
  hour, after a warm-up of 15 minutes; ineffective = the rest that was measured; unmeasured = held without any signal
source: gpu metrics of dcgm-exporter joined to requests of kube-state-metrics on namespace and pod
missing: held time without a signal is unmeasured, never idle
---
*/
WITH held AS (
    SELECT
        CAST(ts AS DATE) AS day,
        date_trunc('hour', ts)
            + CASE WHEN extract(minute FROM ts) >= 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 0 MINUTE END AS half_hour,
        cluster, node, namespace, pod,
        max(gpu_model) AS gpu_model,
        min(started_at) AS started_at,
        sum(milli_unit_seconds / 1e3 * share_num / share_den) AS held_s
    FROM gpu_allocation
    WHERE ts >= $start AND ts < $end
    GROUP BY 1, 2, cluster, node, namespace, pod
),
device AS (
    SELECT
        half_hour, cluster, namespace, pod, device, slice, share, gpu_model,
        CASE WHEN sm_n > 0 THEN sm_sum / sm_n
             WHEN compute_n > 0 THEN compute_sum / compute_n
             WHEN util_n > 0 THEN util_sum / util_n END AS effective,
        CASE WHEN compute_n > 0 THEN compute_sum / compute_n
             WHEN util_n > 0 THEN util_sum / util_n
             WHEN sm_n > 0 THEN sm_sum / sm_n END AS busy,
        CASE WHEN sm_n > 0 THEN 'A' WHEN compute_n > 0 THEN 'B' WHEN util_n > 0 THEN 'C' END AS quality
    FROM gpu_device_halfhour
    WHERE day >= CAST($start AS DATE) AND day < CAST($end AS DATE) AND pod IS NOT NULL
),
signal AS (
    SELECT
        half_hour, cluster, namespace, pod,
        max(gpu_model) AS gpu_model,
        max(quality) AS quality,
        sum(share * effective) / sum(share) AS effective,
        sum(CASE WHEN busy < $idle_threshold THEN share * (1 - effective) ELSE 0 END) / sum(share) AS idle
    FROM device
    WHERE effective IS NOT NULL
    GROUP BY half_hour, cluster, namespace, pod
)
SELECT
    held.day, held.half_hour, held.cluster, held.node, held.namespace, held.pod,
    coalesce(held.gpu_model, signal.gpu_model) AS gpu_model,
    signal.quality,
    held.held_s,
    CASE WHEN signal.effective IS NULL THEN held.held_s ELSE 0 END AS unmeasured_s,
    coalesce(held.held_s * signal.effective, 0) AS effective_s,
    CASE WHEN held.half_hour < held.started_at + $warmup_minutes * INTERVAL 1 MINUTE THEN 0
         ELSE coalesce(held.held_s * signal.idle, 0) END AS idle_s
FROM held
LEFT JOIN signal
    ON signal.half_hour = held.half_hour AND signal.cluster IS NOT DISTINCT FROM held.cluster
    AND signal.namespace = held.namespace AND signal.pod = held.pod
