-- What the configuration says about the platform, as tables: an analytic joins them like any fact.
CREATE TABLE team (team VARCHAR, cost_center VARCHAR, monthly_budget DECIMAL(18, 2));
CREATE TABLE namespace_owner (pattern VARCHAR, team VARCHAR, position INTEGER);
CREATE TABLE service (service VARCHAR, team VARCHAR, tier INTEGER, path VARCHAR, model VARCHAR, drift_every_s BIGINT,
    latency_threshold_s DOUBLE);
CREATE TABLE service_match (service VARCHAR, field VARCHAR, pattern VARCHAR, position INTEGER);
CREATE TABLE gpu_price (gpu_model VARCHAR, price DECIMAL(12, 6), valid_from TIMESTAMP, valid_to TIMESTAMP);
CREATE TABLE report_setting (currency VARCHAR, timezone VARCHAR);
CREATE TABLE configured_source (source VARCHAR, type VARCHAR, fact VARCHAR);
