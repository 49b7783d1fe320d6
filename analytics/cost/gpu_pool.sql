/*
---
kind: intermediate
question: How many GPUs of which model are there in each cluster and time slice, held or not, that a commitment could cover?
formula: sums of quantities by share
source: cost_base
missing: spot nodes are left out; commitments do not cover them
---
*/
SELECT slice_start, cluster, region, gpu_model, share_num, share_den, sum(quantity) AS quantity
FROM cost_base
WHERE kind = 'gpu' AND gpu_model IS NOT NULL AND pricing = 'on_demand'
GROUP BY slice_start, cluster, region, gpu_model, share_num, share_den
