/*
---
kind: intermediate
title: Corrections of closed months
question: What do facts and configuration say today of closed months that no report has borne yet?
formula: >
  for each combination of all columns but quantity and used: current lines and transfers of closed months - all lines
  that closed reports bear about these months, where not zero; integers, so exact
source: double entry, as FOCUS 1.2 does it (ChargeClass Correction); cost_current, cost_current_transfer, closed_line
missing: >
  no rows while no month is closed; lines measured and not measured are different lines, so that a measurement that came
  late takes one away and adds the other
---
*/
WITH first_open AS (
    SELECT CAST(max(month) + INTERVAL 1 MONTH AS DATE) AS month FROM closed_month
),
entry AS (
    SELECT
        day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
        labels, kind, resource, gpu_model, pricing, commitment, quantity, used, share_num, share_den, list_price, price,
        price_den
    FROM cost_current
    WHERE month IN (SELECT month FROM closed_month)
    UNION ALL
    SELECT
        day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
        labels, kind, resource, gpu_model, pricing, commitment, quantity, used, share_num, share_den, list_price, price,
        price_den
    FROM cost_current_transfer
    WHERE month IN (SELECT month FROM closed_month)
    UNION ALL
    SELECT
        day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
        labels, kind, resource, gpu_model, pricing, commitment, -quantity, -used, share_num, share_den, list_price,
        price, price_den
    FROM closed_line
),
difference AS (
    SELECT
        day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
        labels, kind, resource, gpu_model, pricing, commitment, share_num, share_den, list_price, price, price_den,
        CAST(sum(quantity) AS DECIMAL(38, 0)) AS more, CAST(sum(used) AS DECIMAL(38, 0)) AS more_used
    FROM entry
    GROUP BY
        day, report_day, month, charge, pool, team, cost_center, service, model, cluster, region, node, namespace, pod,
        labels, kind, resource, gpu_model, pricing, commitment, share_num, share_den, list_price, price, price_den,
        used IS NULL
)
SELECT
    d.day, d.report_day, d.month, d.charge, d.pool, d.team, d.cost_center, d.service, d.model, d.cluster, d.region,
    d.node, d.namespace, d.pod, d.labels, d.kind, d.resource, d.gpu_model, d.pricing, d.commitment, d.more AS quantity,
    d.more_used AS used, d.share_num, d.share_den, d.list_price, d.price, d.price_den, f.month AS billing_month,
    'Correction' AS charge_class,
    CASE WHEN d.kind = 'gpu' THEN CAST(d.more AS DOUBLE) * d.share_num / d.share_den / 3600000 ELSE 0e0 END
        AS gpu_hours,
    CAST(d.more AS DOUBLE) * d.share_num / d.share_den / 3600000 * CAST(d.price AS DOUBLE) / d.price_den AS cost
FROM difference AS d
CROSS JOIN first_open AS f
WHERE d.more <> 0 OR d.more_used <> 0
