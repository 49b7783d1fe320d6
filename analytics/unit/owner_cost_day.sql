/*
---
kind: intermediate
question: What does each owner bear by report day, shared cost included?
formula: >
  cost_line + cost_transfer (the configured sharing policy), integers summed by owner and rate; hours = quantity x
  share_num / share_den / 3,600,000 and cost = hours x price / price_den, exact as these; cost_double is for shares only
source: cost_line and cost_transfer
missing: price and cost_double are null where no price is known
---
*/
SELECT
    billing_month, month, report_day, charge_class, team, service, model, namespace, kind, share_num, share_den, price,
    price_den, CAST(sum(quantity) AS DECIMAL(38, 0)) AS quantity, sum(CAST(cost AS DOUBLE)) AS cost_double
FROM (
    SELECT billing_month, month, report_day, charge_class, team, service, model, namespace, kind, share_num, share_den,
           price, price_den, quantity, cost
    FROM cost_line
    UNION ALL
    SELECT billing_month, month, report_day, charge_class, team, service, model, namespace, kind, share_num, share_den,
           price, price_den, quantity, cost
    FROM cost_transfer
) AS line
GROUP BY
    billing_month, month, report_day, charge_class, team, service, model, namespace, kind, share_num, share_den, price,
    price_den
