/*
---
kind: result
title: Budget history
question: How did the error budget of each objective go down in its window, hour by hour?
formula: >
  what was counted since the window began, up to the end of the hour; left_ratio = 1 - bad so far / budget_total,
  which ends at the budget that is left now; hour_burn_rate = bad / total / (1 - target) of the hour
source: slo_window_hour and slo_status
missing: no row in an hour without a measured slice; ratios are null without any event
---
*/
WITH running AS (
    SELECT
        h.slo, h.objective, h.hour, h.good AS hour_good, h.total AS hour_total,
        sum(h.good) OVER w AS good, sum(h.total) OVER w AS total
    FROM slo_window_hour AS h
    WINDOW w AS (PARTITION BY h.slo, h.objective ORDER BY h.hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
    r.slo, r.objective, s.service, s.team, s.method, least(r.hour + INTERVAL 1 HOUR, s.as_of) AS ts, r.hour_good,
    r.hour_total, r.good, r.total, r.good / nullif(r.total, 0) AS attainment, greatest(r.total - r.good, 0) AS consumed,
    1 - greatest(r.total - r.good, 0) / nullif(s.budget_total, 0) AS left_ratio,
    greatest(r.hour_total - r.hour_good, 0) / nullif(r.hour_total, 0) / nullif(1 - s.target, 0) AS hour_burn_rate
FROM running AS r
JOIN slo_status AS s ON s.slo = r.slo AND s.objective = r.objective
