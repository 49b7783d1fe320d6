-- Service level objectives, what is measured for them, the health of GPUs, and what on-call systems remember.

-- Good and valid events of an indicator by slice: a row stands for the minute [ts, ts + 1 min). What is made of facts has
-- a row for 5 minutes, at the last of them, so that a window that ends with the bucket holds it.
CREATE TABLE sli_count (source VARCHAR, sli VARCHAR, ts TIMESTAMP, good DOUBLE, total DOUBLE);

-- kind: xid, ecc_double_bit, ecc_single_bit, row_remap_failure, thermal_throttle, power_throttle, retired_page.
-- `code` is the XID; `count` is how often in the bucket.
CREATE TABLE gpu_health (
    source VARCHAR, profile VARCHAR, cluster VARCHAR, node VARCHAR, device VARCHAR, gpu_model VARCHAR, namespace VARCHAR,
    pod VARCHAR, ts TIMESTAMP, kind VARCHAR, code INTEGER, count DOUBLE
);

-- One row an incident or page of an on-call system, as it is known now. Severity 1 is the worst. `outcome` is what a
-- person said: actionable, noise, planned, duplicate. `engaged_s` is NULL where the system does not tell.
CREATE TABLE on_call_incident (
    source VARCHAR, id VARCHAR, alert_key VARCHAR, title VARCHAR, service VARCHAR, team VARCHAR, rule VARCHAR,
    severity INTEGER, priority VARCHAR, paged BOOLEAN, created_at TIMESTAMP, started_at TIMESTAMP, first_ack_at TIMESTAMP,
    ack_by VARCHAR, acked_by_person BOOLEAN, resolved_at TIMESTAMP, resolved_by VARCHAR, auto_resolved BOOLEAN,
    escalations INTEGER, notes INTEGER, engaged_s BIGINT, linked BOOLEAN, outcome VARCHAR, outcome_by VARCHAR,
    close_code VARCHAR, parent_id VARCHAR, attributed_to VARCHAR, root_cause VARCHAR, runbook_url VARCHAR, url VARCHAR,
    observed_at TIMESTAMP
);

-- Inventory: objectives as the OpenSLO files say. A rolling window has `window_s`; a calendar one has a count of units
-- (d, w, M, Q, Y) from `calendar_start`, a local time of `calendar_zone`. `grain_s` is that of the indicator's slices.
CREATE TABLE slo_objective (
    slo VARCHAR, objective VARCHAR, title VARCHAR, description VARCHAR, service VARCHAR, team VARCHAR, tier INTEGER,
    target DECIMAL(18, 12), method VARCHAR, slice_target DOUBLE, slice_s BIGINT, empty_slices VARCHAR, window_kind VARCHAR,
    window_s BIGINT, calendar_count INTEGER, calendar_unit VARCHAR, calendar_start VARCHAR, calendar_zone VARCHAR,
    sli VARCHAR, grain_s INTEGER, owner VARCHAR, runbook_url VARCHAR
);
-- When an objective's budget burns too fast: both windows above `factor`. No page below `min_bad` bad events in the long one.
CREATE TABLE slo_burn_rule (
    slo VARCHAR, objective VARCHAR, rule VARCHAR, severity VARCHAR, budget DOUBLE, long_s BIGINT, short_s BIGINT,
    factor DOUBLE, min_bad DOUBLE
);
-- Where an indicator's events come from: `source` is a Prometheus source's name, or `facts`; `definition` is JSON.
CREATE TABLE sli_indicator (sli VARCHAR, source VARCHAR, kind VARCHAR, definition VARCHAR, grain_s INTEGER);
-- The rules that alerts come from. `answers` is whether the runbook's address answered when it was last asked.
CREATE TABLE alert_rule (
    rule VARCHAR, kind VARCHAR, severity VARCHAR, page BOOLEAN, service VARCHAR, team VARCHAR, tier INTEGER, owner VARCHAR,
    runbook_url VARCHAR, reviewed_on DATE
);
CREATE TABLE runbook_check (runbook_url VARCHAR, answers BOOLEAN, answer VARCHAR, checked_at TIMESTAMP);
