/*
---
kind: result
title: On-call by month
question: How many pages were there in each month, what were they worth, how fast were they answered and resolved?
formula: >
  pages of a UTC month by their creation, for the platform, each service and team, in all and by severity. precision =
  actionable / (actionable + noise); coverage = judged / pages; mtta over pages that a person acknowledged, mttr over
  incidents that are over, from the start of the impact where it is known (start_known_n), else from the page. flap_rate
  = pages within 60 minutes of the last end of their alert / pages; incident_rate = severities 1 and 2 per 30 days
source: KPIs 5, 6 and 13; on_call_scope
missing: >
  evidence is "not enough evidence" where fewer than half of the pages are judged; no acknowledgement is not 0 s but
  unacked_n; open incidents are open_n and oldest_open_s, never in a mean; unattributed_n are severity 1 and 2 without a
  cause's owner; skewed_n durations below zero are left out
---
*/
WITH placed AS (  -- the percentile q lies between the neighbours of place q * last, weighing 1 - their distance from it
    SELECT
        o.*, date_trunc('month', o.created_at) AS month_start,
        CASE WHEN o.paged THEN o.tta_s END AS ack_s,
        row_number() OVER (PARTITION BY date_trunc('month', o.created_at), o.scope, o.level
                           ORDER BY CASE WHEN o.paged THEN o.tta_s END NULLS LAST) - 1 AS ack_place,
        count(CASE WHEN o.paged THEN o.tta_s END)
            OVER (PARTITION BY date_trunc('month', o.created_at), o.scope, o.level) - 1 AS ack_last,
        row_number() OVER (PARTITION BY date_trunc('month', o.created_at), o.scope, o.level
                           ORDER BY o.ttr_s NULLS LAST) - 1 AS end_place,
        count(o.ttr_s) OVER (PARTITION BY date_trunc('month', o.created_at), o.scope, o.level) - 1 AS end_last
    FROM on_call_scope AS o
),
counted AS (
    SELECT
        month_start, scope, level, count(*) AS incidents,
        sum(CASE WHEN paged THEN 1 ELSE 0 END) AS pages,
        sum(CASE WHEN paged AND verdict = 'actionable' THEN 1 ELSE 0 END) AS actionable,
        sum(CASE WHEN paged AND verdict = 'noise' THEN 1 ELSE 0 END) AS noise,
        sum(CASE WHEN paged AND verdict = 'planned' THEN 1 ELSE 0 END) AS planned,
        sum(CASE WHEN paged AND verdict = 'duplicate' THEN 1 ELSE 0 END) AS duplicate,
        sum(CASE WHEN paged AND verdict = 'unknown' THEN 1 ELSE 0 END) AS unknown,
        sum(CASE WHEN paged AND first_ack_at IS NOT NULL THEN 1 ELSE 0 END) AS acked_n,
        avg(ack_s) AS mtta_mean_s,
        sum(ack_s * greatest(1 - abs(ack_place - 0.5 * ack_last), 0)) AS mtta_p50_s,
        sum(ack_s * greatest(1 - abs(ack_place - 0.9 * ack_last), 0)) AS mtta_p90_s,
        avg(ttr_s) AS mttr_mean_s,
        sum(ttr_s * greatest(1 - abs(end_place - 0.5 * end_last), 0)) AS mttr_p50_s,
        sum(ttr_s * greatest(1 - abs(end_place - 0.9 * end_last), 0)) AS mttr_p90_s,
        sum(CASE WHEN start_known THEN 1 ELSE 0 END) AS start_known_n,
        sum(CASE WHEN resolved_at IS NULL THEN 1 ELSE 0 END) AS open_n,
        max(CASE WHEN resolved_at IS NULL
                 THEN date_diff('millisecond', started_at, CAST($now AS TIMESTAMP)) / 1e3 END) AS oldest_open_s,
        sum(CASE WHEN paged AND refired THEN 1 ELSE 0 END) AS refired_n,
        sum(CASE WHEN paged AND sleep THEN 1 ELSE 0 END) AS sleep_n,
        sum(CASE WHEN severity <= 2 THEN 1 ELSE 0 END) AS severe_n,
        sum(CASE WHEN severity <= 2 AND attributed_to = 'platform' THEN 1 ELSE 0 END) AS platform_n,
        sum(CASE WHEN severity <= 2 AND attributed_to IS NULL THEN 1 ELSE 0 END) AS unattributed_n,
        sum(CASE WHEN severity <= 2 AND attributed_to = 'platform' AND repeated THEN 1 ELSE 0 END) AS repeat_n,
        sum(CASE WHEN resolved_at < started_at OR first_ack_at < created_at THEN 1 ELSE 0 END) AS skewed_n
    FROM placed
    GROUP BY month_start, scope, level
),
timed AS (
    SELECT *, date_diff('millisecond', month_start,
                        least(month_start + INTERVAL 1 MONTH, CAST($now AS TIMESTAMP))) / 864e5 AS days
    FROM counted
)
SELECT
    CAST(month_start AS DATE) AS month, scope, level AS severity, CAST(pages AS BIGINT) AS pages,
    CAST(actionable AS BIGINT) AS actionable, CAST(noise AS BIGINT) AS noise, CAST(planned AS BIGINT) AS planned,
    CAST(duplicate AS BIGINT) AS duplicate, CAST(unknown AS BIGINT) AS unknown,
    CASE WHEN pages > 0 THEN (pages - unknown) / CAST(pages AS DOUBLE) END AS coverage,
    CASE WHEN actionable + noise > 0 THEN actionable / CAST(actionable + noise AS DOUBLE) END AS precision,
    CASE WHEN pages = 0 THEN 'no pages'
         WHEN (pages - unknown) / CAST(pages AS DOUBLE) < $judged_share THEN 'not enough evidence'
         ELSE 'enough' END AS evidence,
    CAST(acked_n AS BIGINT) AS acked_n, CAST(pages - acked_n AS BIGINT) AS unacked_n, mtta_mean_s, mtta_p50_s,
    mtta_p90_s, CAST(incidents AS BIGINT) AS incidents, CAST(open_n AS BIGINT) AS open_n, oldest_open_s, mttr_mean_s,
    mttr_p50_s, mttr_p90_s, CAST(start_known_n AS BIGINT) AS start_known_n, CAST(refired_n AS BIGINT) AS refired_n,
    CASE WHEN pages > 0 THEN refired_n / CAST(pages AS DOUBLE) END AS flap_rate, CAST(sleep_n AS BIGINT) AS sleep_n,
    CASE WHEN pages > 0 THEN sleep_n / CAST(pages AS DOUBLE) END AS sleep_share,
    CAST(severe_n AS BIGINT) AS severe_n, CASE WHEN days >= 1 THEN severe_n * 30 / days END AS incident_rate_30d,
    CAST(platform_n AS BIGINT) AS platform_n, CAST(unattributed_n AS BIGINT) AS unattributed_n,
    CAST(repeat_n AS BIGINT) AS repeat_n, CAST(skewed_n AS BIGINT) AS skewed_n
FROM timed
ORDER BY month DESC, scope, severity
