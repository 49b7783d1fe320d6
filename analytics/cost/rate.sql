/*
---
kind: intermediate
question: Which price holds for what was held and idle, in each time slice?
formula: >
  of the prices that fit and hold at the start of the slice, the most specific (instance type, then cluster, then region)
source: prices of the configuration, resolved to the report currency and to disjoint intervals
missing: no row, or a null price, where none is known; such hours are named and cost nothing
---
*/
WITH asked AS (
    SELECT DISTINCT slice_start, kind, gpu_model, cluster, region, instance_type, pricing
    FROM cost_base
),
fitting AS (
    SELECT
        a.slice_start, a.kind, a.gpu_model, a.cluster, a.region, a.instance_type, a.pricing, p.list_price, p.price,
        p.price_den,
        row_number() OVER (
            PARTITION BY a.slice_start, a.kind, a.gpu_model, a.cluster, a.region, a.instance_type, a.pricing
            ORDER BY
                CASE WHEN p.instance_type IS NULL THEN 1 ELSE 0 END, CASE WHEN p.cluster IS NULL THEN 1 ELSE 0 END,
                CASE WHEN p.region IS NULL THEN 1 ELSE 0 END, CASE WHEN p.gpu_model IS NULL THEN 1 ELSE 0 END
        ) AS position
    FROM asked AS a
    JOIN price AS p
        ON p.kind = a.kind AND p.pricing = a.pricing AND (p.gpu_model IS NULL OR p.gpu_model = a.gpu_model)
        AND (p.instance_type IS NULL OR p.instance_type = a.instance_type)
        AND (p.cluster IS NULL OR p.cluster = a.cluster) AND (p.region IS NULL OR p.region = a.region)
        AND (p.valid_from IS NULL OR a.slice_start >= p.valid_from)
        AND (p.valid_to IS NULL OR a.slice_start < p.valid_to)
)
SELECT slice_start, kind, gpu_model, cluster, region, instance_type, pricing, list_price, price, price_den
FROM fitting
WHERE position = 1
