/*
---
kind: result
title: Shared cost, moved
question: Which part of idle and shared cost does the sharing policy move from whom to whom?
formula: >
  one line with a negative quantity at the owner it leaves, lines with positive quantities at those who bear it; they add
  up to zero exactly. Columns and billing_month as in cost_line
source: cost_current_transfer, closed_line and cost_correction
missing: no rows where the policy shares nothing out; price and cost are null where no price is known
---
*/
SELECT
    c.day, c.report_day, c.month, c.charge, c.pool, c.team, c.cost_center, c.service, c.model, c.cluster, c.region,
    c.node, c.namespace, c.pod, c.labels, c.kind, c.resource, c.gpu_model, c.pricing, c.commitment, c.quantity, c.used,
    c.share_num, c.share_den, c.list_price, c.price, c.price_den, c.month AS billing_month,
    CAST(NULL AS VARCHAR) AS charge_class, c.gpu_hours,
    CAST(c.cost AS DECIMAL(28, 10)) AS cost
FROM cost_current_transfer AS c
LEFT JOIN closed_month AS m ON m.month = c.month
WHERE m.month IS NULL
UNION ALL
SELECT
    day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
    labels, kind, resource, gpu_model, pricing, commitment, quantity, used, share_num, share_den, list_price, price,
    price_den, billing_month, charge_class,
    CASE WHEN kind = 'gpu' THEN CAST(quantity AS DOUBLE) * share_num / share_den / 3600000 ELSE 0e0 END AS gpu_hours,
    CAST(CAST(quantity AS DOUBLE) * share_num / share_den / 3600000 * CAST(price AS DOUBLE) / price_den AS DECIMAL(28, 10))
        AS cost
FROM closed_line
WHERE charge = 'transfer'
UNION ALL
SELECT
    day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
    labels, kind, resource, gpu_model, pricing, commitment, quantity, used, share_num, share_den, list_price, price,
    price_den, billing_month, charge_class, gpu_hours, CAST(cost AS DECIMAL(28, 10)) AS cost
FROM cost_correction
WHERE charge = 'transfer'
