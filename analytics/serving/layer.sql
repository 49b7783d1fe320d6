/*
---
kind: intermediate
question: How far is each layer from the one who asks?
formula: gateway 1, mesh 2, proxy 3, engine 4; the outermost sees what never reaches the ones behind it
source: layer rule of docs/serving.md
missing: every layer of a profile is here
---
*/
SELECT 'gateway' AS layer, 1 AS depth
UNION ALL SELECT 'mesh', 2
UNION ALL SELECT 'proxy', 3
UNION ALL SELECT 'engine', 4
