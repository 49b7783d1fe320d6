/*
---
kind: intermediate
question: From when to when are there facts?
formula: the first start and the last end of what sources have stored
source: watermark
missing: both null before the first collection
---
*/
SELECT min(collected_from) AS facts_from, max(collected_to) AS facts_to, CAST($now AS TIMESTAMP) AS now
FROM watermark
WHERE fact <> 'billing_charge'  -- a bill may reach back for years; that is no time that was observed
