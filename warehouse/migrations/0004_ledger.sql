-- The ledger: what pods ask of nodes besides GPUs, what labels say, what the provider billed, what prices are, and the
-- months that are closed. Unit-seconds are millicore-seconds (cpu) and byte-seconds (memory).

-- `larger` is the sum over containers of max(requested, used), taken at the bucket: it does not follow from the sums.
CREATE TABLE compute_allocation (
    source VARCHAR, profile VARCHAR, cluster VARCHAR, node VARCHAR, namespace VARCHAR, pod VARCHAR, resource VARCHAR,
    ts TIMESTAMP, requested BIGINT, used BIGINT, larger BIGINT
);
CREATE TABLE compute_capacity (
    source VARCHAR, profile VARCHAR, cluster VARCHAR, node VARCHAR, resource VARCHAR, ts TIMESTAMP, capacity BIGINT
);

-- What changes rarely: a row an hour, and one at each change within it; it holds until the next. `gpus` are physical.
CREATE TABLE node_attribute (
    source VARCHAR, profile VARCHAR, cluster VARCHAR, node VARCHAR, ts TIMESTAMP, capacity_type VARCHAR, region VARCHAR,
    instance_type VARCHAR, gpus BIGINT
);
-- `labels` is a JSON object with sorted keys; keys as Prometheus spells them, without `label_`.
CREATE TABLE pod_label (
    source VARCHAR, profile VARCHAR, cluster VARCHAR, namespace VARCHAR, pod VARCHAR, ts TIMESTAMP, labels VARCHAR
);

-- Rows of FOCUS files, as billed. `fingerprint` is a digest of all columns of the file's row; a row that repeats an earlier
-- one is kept and marked.
CREATE TABLE billing_charge (
    source VARCHAR, file VARCHAR, row_number BIGINT, fingerprint VARCHAR, duplicate BOOLEAN, billing_account VARCHAR, currency VARCHAR,
    billing_period_start TIMESTAMP, billing_period_end TIMESTAMP, charge_period_start TIMESTAMP,
    charge_period_end TIMESTAMP, charge_category VARCHAR, charge_class VARCHAR, charge_description VARCHAR,
    billed_cost DECIMAL(38, 18), effective_cost DECIMAL(38, 18), list_cost DECIMAL(38, 18),
    contracted_cost DECIMAL(38, 18), pricing_quantity DECIMAL(38, 18), pricing_unit VARCHAR, pricing_category VARCHAR,
    provider VARCHAR, publisher VARCHAR, invoice_issuer VARCHAR, invoice_id VARCHAR, service_category VARCHAR,
    service_name VARCHAR, sku_id VARCHAR, sku_price_id VARCHAR, region VARCHAR, resource_id VARCHAR,
    resource_name VARCHAR, resource_type VARCHAR, sub_account VARCHAR, commitment_id VARCHAR,
    commitment_status VARCHAR, tags VARCHAR
);
-- What was tolerated or refused in a file, so that no row is lost without a word. Severity: note, warning, refused.
CREATE TABLE billing_problem (
    source VARCHAR, file VARCHAR, row_number BIGINT, column_name VARCHAR, value VARCHAR, severity VARCHAR, problem VARCHAR
);

-- Inventory: prices in the report currency per unit-hour (GPU, core, GiB), `list_price` before discounts. Cluster and
-- region NULL hold for any. Money without rounding: a price per hour is price / price_den.
DROP TABLE gpu_price;
CREATE TABLE price (
    kind VARCHAR, gpu_model VARCHAR, cluster VARCHAR, region VARCHAR, instance_type VARCHAR, pricing VARCHAR,
    list_price DECIMAL(38, 18), price DECIMAL(38, 18), price_den BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP
);
-- Units bought ahead, used or not; `milli_units` at any moment.
CREATE TABLE commitment (
    commitment VARCHAR, gpu_model VARCHAR, cluster VARCHAR, region VARCHAR, milli_units BIGINT, list_price DECIMAL(38, 18),
    price DECIMAL(38, 18), price_den BIGINT, fee DECIMAL(38, 18), valid_from TIMESTAMP, valid_to TIMESTAMP
);
-- What is wrong with prices and rates, with the time it is wrong for.
CREATE TABLE price_problem (subject VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, problem VARCHAR, remedy VARCHAR);
-- Moments (UTC) at which a price, a rate or an owner changes; days are cut there.
CREATE TABLE cost_boundary (ts TIMESTAMP);

DROP TABLE namespace_owner;
CREATE TABLE namespace_owner (
    pattern VARCHAR, team VARCHAR, position INTEGER, valid_from TIMESTAMP, valid_to TIMESTAMP
);
CREATE TABLE label_owner (
    label VARCHAR, pattern VARCHAR, team VARCHAR, position INTEGER, valid_from TIMESTAMP, valid_to TIMESTAMP
);
-- Costs that several teams bear: namespaces whose cost is shared, and sums that no metric shows.
CREATE TABLE shared_namespace (pool VARCHAR, pattern VARCHAR, position INTEGER);
CREATE TABLE shared_charge (
    pool VARCHAR, price DECIMAL(38, 18), price_den BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP
);
CREATE TABLE shared_pool (pool VARCHAR, position INTEGER, split VARCHAR);
CREATE TABLE shared_weight (pool VARCHAR, team VARCHAR, weight DECIMAL(18, 6));
CREATE TABLE allocation_policy (basis VARCHAR, idle_split VARCHAR, idle_by VARCHAR);

ALTER TABLE team DROP COLUMN monthly_budget;
CREATE TABLE budget (scope VARCHAR, period VARCHAR, amount DECIMAL(18, 2));
CREATE TABLE budget_threshold (scope VARCHAR, period VARCHAR, threshold DECIMAL(6, 4));
-- Which metered cost a SKU of the bill stands for; NULL kind: a SKU that nothing meters.
CREATE TABLE billing_sku (pattern VARCHAR, position INTEGER, kind VARCHAR, gpu_model VARCHAR);
-- Report currency for one unit of `currency`, on that UTC day alone.
CREATE TABLE currency_rate (currency VARCHAR, day DATE, rate DECIMAL(38, 18));
CREATE TABLE cluster_region (cluster VARCHAR, region VARCHAR);
CREATE TABLE token_weight (token VARCHAR, weight DECIMAL(12, 6));

-- Closed months: the lines as they were when finance took them, and every correction since.
CREATE TABLE closed_month (
    month DATE, closed_at TIMESTAMP, published_version VARCHAR, lines BIGINT, total DECIMAL(18, 2), sha256 VARCHAR,
    currency VARCHAR
);
CREATE TABLE closed_line (
    billing_month DATE, charge_class VARCHAR, day DATE, report_day DATE, month DATE, charge VARCHAR, pool VARCHAR,
    team VARCHAR, cost_center VARCHAR, service VARCHAR, model VARCHAR, cluster VARCHAR, region VARCHAR, node VARCHAR,
    namespace VARCHAR, pod VARCHAR, labels VARCHAR, kind VARCHAR, resource VARCHAR, gpu_model VARCHAR, pricing VARCHAR,
    commitment VARCHAR, quantity DECIMAL(38, 0), used DECIMAL(38, 0), share_num BIGINT, share_den BIGINT,
    list_price DECIMAL(38, 18), price DECIMAL(38, 18), price_den BIGINT
);
