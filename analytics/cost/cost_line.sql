/*
---
kind: result
title: Cost lines
question: What did each owner hold, where and when, at which price, and in which month's report does it stand?
formula: >
  hours = quantity x share_num / share_den / 3,600,000; cost = hours x price / price_den, exact as these integers and
  decimals. billing_month: the month itself while it is open; the frozen lines once it is closed; corrections of closed
  months stand in the report of the first open month. gpu_hours and cost are rounded for charts and KPIs, never a bill
source: cost_current, closed_line and cost_correction, without what is moved by sharing (cost_transfer)
missing: price and cost are null where no price is known; used is null where use was not measured
---
*/
SELECT
    c.day, c.report_day, c.month, c.charge, c.pool, c.team, c.cost_center, c.service, c.model, c.cluster, c.region,
    c.node, c.namespace, c.pod, c.labels, c.kind, c.resource, c.gpu_model, c.pricing, c.commitment, c.quantity, c.used,
    c.share_num, c.share_den, c.list_price, c.price, c.price_den, c.month AS billing_month,
    CAST(NULL AS VARCHAR) AS charge_class, c.gpu_hours,
    CAST(c.cost AS DECIMAL(28, 10)) AS cost
FROM cost_current AS c
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
WHERE charge IS DISTINCT FROM 'transfer'
UNION ALL
SELECT
    day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
    labels, kind, resource, gpu_model, pricing, commitment, quantity, used, share_num, share_den, list_price, price,
    price_den, billing_month, charge_class, gpu_hours, CAST(cost AS DECIMAL(28, 10)) AS cost
FROM cost_correction
WHERE charge IS DISTINCT FROM 'transfer'
