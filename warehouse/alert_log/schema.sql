-- Alerts, what was decided about them, and what was sent: the truth from which notifications, explanations and KPIs are
-- made. Times are microseconds since the epoch (UTC). JSON has sorted keys.

-- The newest state of each alert. `ends_at` is set once it is resolved; `expires_at` is when it resolves unless posted
-- again (NULL: only an explicit end resolves it). `revision` grows with each change that a router must know. It has a
-- rowid: rows are long and fingerprints random, and a storm that wrote into as many pages would wait for the disk.
CREATE TABLE alert (
    fingerprint TEXT NOT NULL PRIMARY KEY, labels TEXT NOT NULL, annotations TEXT NOT NULL, generator_url TEXT NOT NULL,
    origin TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER, expires_at INTEGER, received_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
);
CREATE INDEX alert_revision ON alert (revision);
CREATE INDEX alert_expiry ON alert (expires_at) WHERE ends_at IS NULL AND expires_at IS NOT NULL;

-- One row for each time that an alert fired. `paged_at` is the first notification that was sent for it.
CREATE TABLE episode (
    fingerprint TEXT NOT NULL, started_at INTEGER NOT NULL, fired_at INTEGER NOT NULL, ended_at INTEGER, paged_at INTEGER,
    acked_at INTEGER, acked_by TEXT, verdict TEXT, verdict_by TEXT, verdict_at INTEGER, notes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (fingerprint, fired_at)
) WITHOUT ROWID;

-- What happened to an alert, in order: fired, resolved, routed, inhibited, silenced, muted, held, notified, acknowledged,
-- judged ... `detail` is JSON.
CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, fingerprint TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX event_alert ON event (fingerprint, id);
CREATE INDEX event_time ON event (at);

-- Timers of the groups of alerts: when one began, when it is looked at next.
CREATE TABLE aggregation (
    group_key TEXT NOT NULL, route TEXT NOT NULL, receiver TEXT NOT NULL, group_labels TEXT NOT NULL,
    began_at INTEGER NOT NULL, next_flush_at INTEGER NOT NULL, flushed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (route, group_key)
) WITHOUT ROWID;

-- The notification log: what each integration of a receiver knows of a group, as of its newest delivery in the outbox.
CREATE TABLE notification (
    group_key TEXT NOT NULL, receiver TEXT NOT NULL, integration TEXT NOT NULL, firing TEXT NOT NULL, resolved TEXT NOT NULL,
    sent_at INTEGER NOT NULL, PRIMARY KEY (group_key, receiver, integration)
) WITHOUT ROWID;

-- The outbox. state: queued, sending, sent (the receiver took it), accepted (handed to a library that cannot tell), dead.
-- `alerts` are the fingerprints it speaks of; `payload` is the notification, the same for every kind of receiver.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY, group_key TEXT NOT NULL, receiver TEXT NOT NULL, integration TEXT NOT NULL, dedup_key TEXT NOT NULL,
    reason TEXT NOT NULL, priority INTEGER NOT NULL, alerts TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, next_at INTEGER NOT NULL, finished_at INTEGER
);
-- What waits, in the order in which it is sent, and by group: a storm may leave 50,000 of them, and each is looked for.
CREATE INDEX delivery_open ON delivery (receiver, integration, priority, id) WHERE state IN ('queued', 'sending');
CREATE INDEX delivery_open_group ON delivery (receiver, integration, group_key, id)
    WHERE state IN ('queued', 'sending');
CREATE INDEX delivery_group ON delivery (group_key, receiver, integration, id);
-- One row a request. An attempt without `finished_at` was cut off: whether the receiver took it is not known.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER, outcome TEXT,
    status INTEGER, answer TEXT
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

CREATE TABLE silence (
    id TEXT PRIMARY KEY, matchers TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, created_by TEXT NOT NULL,
    comment TEXT NOT NULL, updated_at INTEGER NOT NULL
);

-- Where each rule stands for each set of labels, so that an evaluation goes on where the last one stopped.
CREATE TABLE rule_state (
    rule TEXT NOT NULL, labels TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (rule, labels)
) WITHOUT ROWID;
CREATE TABLE rule_clock (rule TEXT PRIMARY KEY, evaluated_to INTEGER NOT NULL, evaluated_at INTEGER NOT NULL, error TEXT);

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
