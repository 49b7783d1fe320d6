-- How far each stream of a source is collected: [collected_from, collected_to), written with the rows it speaks of.
CREATE TABLE watermark (
    source VARCHAR, stream VARCHAR, fact VARCHAR, collected_from TIMESTAMP, collected_to TIMESTAMP,
    observed_at TIMESTAMP
);

-- Days whose facts changed since an analytic last read them. Analytics recompute these days and no others.
CREATE TABLE changed_day (fact VARCHAR, day DATE, revision BIGINT);
CREATE SEQUENCE revision;

-- The last run of each source and analytic, shown to people.
CREATE TABLE job_run (
    job VARCHAR, kind VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP, succeeded_at TIMESTAMP, failures INTEGER,
    message VARCHAR, remedy VARCHAR
);

-- Which facts and which text of the analytic its stored rows were computed from.
CREATE TABLE analytic_state (analytic VARCHAR, fingerprint VARCHAR, revision BIGINT, computed_at TIMESTAMP);
