/*
---
kind: result
title: Serving by day
question: How many requests did each service get on each day, and how many of them failed?
formula: availability = 1 - bad / (requests - aborted - client errors)
source: docs/serving.md
missing: availability is null on a day without valid requests
---
*/
SELECT
    h.day, h.service, s.team, s.tier, max(h.layer) AS layer,
    sum(h.requests) AS requests, sum(h.good) AS good, sum(h.bad) AS bad, sum(h.shed) AS shed,
    sum(h.client_error) AS client_error, sum(h.aborted) AS aborted,
    1 - sum(h.bad) / nullif(sum(h.requests - h.aborted - h.client_error), 0) AS availability,
    sum(h.tokens_in) AS tokens_in, sum(h.tokens_out) AS tokens_out, sum(h.tokens_cached) AS tokens_cached
FROM serving_request_hour AS h
JOIN service AS s ON s.service = h.service
GROUP BY h.day, h.service, s.team, s.tier
ORDER BY h.day, h.service
