/*
---
kind: result
title: Closed and open months
question: Which months are closed, since when and at what total, and what has been corrected since?
formula: >
  total: exact sum of the frozen lines, rounded once to the cent. corrections: lines of this month's report that correct
  earlier months. corrected: lines about this month in later reports. Their costs are rounded each on its own for display, never a bill
source: closed_month, cost_line, cost_transfer; job_run for the note
missing: >
  closed_at, published_version, total and sha256 are null while a month is open (its sum to date is in showback_month);
  note says what was known to be missing at the closing, or why the service could not close the month
---
*/
WITH part AS (  -- integers first: what was taken back at the price it was charged at is exactly nothing
    SELECT
        billing_month, month, charge_class, count(*) AS lines,
        CAST(sum(quantity) AS DOUBLE) * share_num / share_den / 3600000 * CAST(price AS DOUBLE) / price_den AS cost
    FROM (
        SELECT billing_month, month, charge_class, quantity, share_num, share_den, price, price_den FROM cost_line
        UNION ALL
        SELECT billing_month, month, charge_class, quantity, share_num, share_den, price, price_den FROM cost_transfer
    ) AS x
    GROUP BY billing_month, month, charge_class, share_num, share_den, price, price_den
),
report AS (
    SELECT
        billing_month AS month, sum(lines) AS lines,
        sum(CASE WHEN charge_class = 'Correction' THEN lines ELSE 0 END) AS corrections,
        sum(CASE WHEN charge_class = 'Correction' THEN coalesce(cost, 0) ELSE 0 END) AS cost
    FROM part
    GROUP BY billing_month
),
about AS (
    SELECT month, sum(lines) AS corrected, sum(coalesce(cost, 0)) AS cost
    FROM part
    WHERE charge_class = 'Correction'
    GROUP BY month
),
known AS (
    SELECT month FROM report
    UNION
    SELECT month FROM closed_month
)
SELECT
    k.month, CASE WHEN m.month IS NULL THEN 'open' ELSE 'closed' END AS status, m.closed_at, m.published_version,
    CAST(coalesce(r.lines, 0) AS BIGINT) AS lines, m.total, m.sha256,
    CAST(coalesce(r.corrections, 0) AS BIGINT) AS corrections, CAST(coalesce(r.cost, 0e0) AS DECIMAL(18, 2)) AS corrections_cost,
    CAST(coalesce(a.corrected, 0) AS BIGINT) AS corrected, CAST(coalesce(a.cost, 0e0) AS DECIMAL(18, 2)) AS corrected_cost, j.message AS note
FROM known AS k
LEFT JOIN closed_month AS m ON m.month = k.month
LEFT JOIN report AS r ON r.month = k.month
LEFT JOIN about AS a ON a.month = k.month
LEFT JOIN job_run AS j ON j.kind = 'closing' AND j.job = concat('close:', substr(CAST(k.month AS VARCHAR), 1, 7))
ORDER BY k.month
