/*
---
kind: intermediate
question: What did each indicator count in the minutes that burn rates of the last 30 days look at?
formula: >
  rows of sli_count of the indicator's own source, 30 days and the longest window of any burn rate rule back; number
  is the indicator's place among all by name, minute counts from 1970: half of the memory that names and times take
source: sli_count
missing: no row in a minute that was not measured
---
*/
WITH indicator AS (
    SELECT sli, source, CAST(row_number() OVER (ORDER BY sli) AS INTEGER) AS number FROM sli_indicator
),
reach AS (
    SELECT
        date_trunc('minute', CAST($now AS TIMESTAMP)) - 31 * INTERVAL 1 DAY
            - coalesce(max(long_s), 0) * INTERVAL 1 SECOND AS start
    FROM slo_burn_rule
)
SELECT
    i.number, CAST(date_diff('minute', CAST('1970-01-01' AS TIMESTAMP), c.ts) AS INTEGER) AS minute, c.good, c.total
FROM sli_count AS c
JOIN indicator AS i ON i.sli = c.sli AND i.source = c.source
JOIN reach AS r ON c.ts >= r.start
WHERE c.ts < CAST($now AS TIMESTAMP) AND c.good IS NOT NULL AND c.total IS NOT NULL
