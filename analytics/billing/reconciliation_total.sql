/*
---
kind: result
title: Reconciliation totals
question: How far do the bill and the meter lie apart in each month, on the days that the bill reaches?
formula: >
  compared_from and compared_until are the first and last day with a charge for metered kinds; metered, billed and effective
  cost of the rows with a kind on those days; difference = effective - metered, share = difference / effective
source: reconciliation_day
missing: null in a month in which nothing that compares was billed; rows without a rate are left out, their days counted
---
*/
WITH row_of_month AS (
    SELECT CAST(date_trunc('month', day) AS DATE) AS month, day, kind, status, currency, metered_cost, billed_cost,
        effective_cost
    FROM reconciliation_day
),
month AS (
    SELECT month, count(DISTINCT CASE WHEN status = 'no_rate' THEN day END) AS days_without_rate
    FROM row_of_month
    GROUP BY month
),
span AS (
    SELECT month, min(day) AS compared_from, max(day) AS compared_until, max(currency) AS currency
    FROM row_of_month
    WHERE kind IS NOT NULL AND status IN ('matched', 'not_metered')
    GROUP BY month
),
total AS (
    SELECT
        s.month, s.compared_from, s.compared_until, s.currency,
        CAST(coalesce(sum(r.metered_cost), 0) AS DECIMAL(28, 10)) AS metered_cost,
        CAST(sum(r.billed_cost) AS DECIMAL(28, 10)) AS billed_cost,
        CAST(sum(r.effective_cost) AS DECIMAL(28, 10)) AS effective_cost
    FROM span AS s
    JOIN row_of_month AS r ON r.month = s.month AND r.day >= s.compared_from AND r.day <= s.compared_until
    WHERE r.kind IS NOT NULL AND r.status <> 'no_rate'
    GROUP BY s.month, s.compared_from, s.compared_until, s.currency
)
SELECT
    m.month, t.currency, t.compared_from, t.compared_until, t.metered_cost, t.billed_cost, t.effective_cost,
    CAST(t.effective_cost - t.metered_cost AS DECIMAL(28, 10)) AS difference,
    CAST(t.effective_cost - t.metered_cost AS DOUBLE) / nullif(CAST(t.effective_cost AS DOUBLE), 0) AS share,
    CAST(m.days_without_rate AS BIGINT) AS days_without_rate
FROM month AS m
LEFT JOIN total AS t ON t.month = m.month
