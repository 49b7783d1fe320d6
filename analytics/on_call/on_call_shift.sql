/*
---
kind: result
title: Pages per shift
question: How many pages did each shift get, and how many of them were worth it?
formula: pages by the shift in which they were created; shifts are 12 hours from 08:00 of the report's time zone
source: on_call_page and on_call_slot; shift_hours and shift_start_hour of parameters.yaml
missing: a shift without a page is a row with 0; no row before the first incident, nor for more than 90 days
---
*/
WITH shift AS (
    SELECT shift_start, shift_end, shift
    FROM on_call_slot
    WHERE shift_end > CAST($now AS TIMESTAMP) - $on_call_days * INTERVAL 1 DAY
    GROUP BY shift_start, shift_end, shift
)
SELECT
    s.shift, s.shift_start, s.shift_end, CAST(count(p.id) AS BIGINT) AS pages,
    CAST(sum(CASE WHEN p.verdict = 'actionable' THEN 1 ELSE 0 END) AS BIGINT) AS actionable,
    CAST(sum(CASE WHEN p.verdict = 'noise' THEN 1 ELSE 0 END) AS BIGINT) AS noise,
    CAST(sum(CASE WHEN p.verdict = 'unknown' THEN 1 ELSE 0 END) AS BIGINT) AS unknown,
    CAST(sum(CASE WHEN p.sleep THEN 1 ELSE 0 END) AS BIGINT) AS sleep_n, avg(p.tta_s) AS mtta_mean_s
FROM shift AS s
LEFT JOIN on_call_page AS p ON p.shift_start = s.shift_start AND p.paged
GROUP BY s.shift, s.shift_start, s.shift_end
ORDER BY s.shift_start DESC
