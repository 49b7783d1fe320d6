/*
---
kind: intermediate
question: What did pods with the same labels cost, shared cost included?
formula: cost_line + cost_transfer, integers summed by the pod's labels, team and rate
source: cost_line and cost_transfer
missing: cost of pods without labels is not in it; price is null where none is known
---
*/
SELECT
    labels, team, kind, share_num, share_den, price, price_den, CAST(sum(quantity) AS DECIMAL(38, 0)) AS quantity,
    max(report_day) AS last_day
FROM (
    SELECT labels, team, kind, share_num, share_den, price, price_den, quantity, report_day
    FROM cost_line WHERE labels IS NOT NULL
    UNION ALL
    SELECT labels, team, kind, share_num, share_den, price, price_den, quantity, report_day
    FROM cost_transfer WHERE labels IS NOT NULL
) AS line
GROUP BY labels, team, kind, share_num, share_den, price, price_den
