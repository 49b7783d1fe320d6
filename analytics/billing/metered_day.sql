/*
---
kind: intermediate
question: How much of which GPU model, CPU and memory was metered on each UTC day, at which price?
formula: >
  quantities of cost_line by day, kind, GPU model and price: what pods held, idle capacity, shared namespaces and unused
  commitments; no sums that no metric shows (overhead), nothing that is only moved between owners
source: cost_line
missing: lines without a price are here without one
---
*/
SELECT
    day, kind, gpu_model, share_num, share_den, list_price, price, price_den,
    CAST(sum(quantity) AS DECIMAL(38, 0)) AS quantity
FROM cost_line
WHERE kind IN ('gpu', 'cpu', 'memory') AND charge IN ('allocation', 'idle', 'shared', 'unused')
GROUP BY day, kind, gpu_model, share_num, share_den, list_price, price, price_den
