/*
---
kind: intermediate
question: What became of each page, and was it worth it?
formula: >
  one row a family of incidents that are one (on_call_root) somebody was paged for, or of severity 1 or 2. Severity is
  the worst of them, the acknowledgement the first by a person. Verdict, by order of evidence: what a person said; what
  the close code means; the rule: acknowledged by a person who was engaged for engaged_minutes, wrote a note or linked it
  = actionable; resolved by itself without a person's acknowledgement, or less than brief_minutes after it and without a
  note = noise; else unknown. refired: within flap_minutes of the last end of the same alert; repeated: the same root
  cause within repeat_days
source: KPIs 5, 6 and 13; on_call_incident
missing: a time that nobody told is null; durations below zero (clocks that disagree) are null
---
*/
WITH family AS (
    SELECT
        r.root_source, r.root_id, count(*) AS members, min(i.severity) AS severity,
        max(CASE WHEN i.paged THEN 1 ELSE 0 END) AS paged,
        min(CASE WHEN i.acked_by_person THEN i.first_ack_at END) AS first_ack_at,
        min_by(i.ack_by, CASE WHEN i.acked_by_person THEN i.first_ack_at END) AS ack_by,
        sum(i.escalations) AS escalations, sum(i.notes) AS notes, max(i.engaged_s) AS engaged_s,
        max(CASE WHEN i.linked THEN 1 ELSE 0 END) AS linked,
        min(CASE WHEN i.outcome <> 'duplicate' THEN i.outcome END) AS outcome,  -- actionable wins where several speak
        min(CASE WHEN i.source = 'meterline' THEN i.service END) AS our_service,
        min(CASE WHEN i.source = 'meterline' THEN i.team END) AS our_team,
        min(i.rule) AS rule, min(i.attributed_to) AS attributed_to, min(i.root_cause) AS root_cause,
        min(i.runbook_url) AS runbook_url
    FROM on_call_incident AS i
    JOIN on_call_root AS r ON r.source = i.source AND r.id = i.id
    GROUP BY r.root_source, r.root_id
),
page AS (
    SELECT
        i.source, i.id, i.alert_key, i.title, coalesce(f.our_service, i.service) AS service,
        coalesce(f.our_team, i.team) AS told_team, coalesce(i.rule, f.rule) AS rule, f.severity, i.priority,
        f.paged = 1 AS paged, CAST(f.members AS BIGINT) AS members, i.created_at,
        coalesce(i.started_at, i.created_at) AS started_at, i.started_at IS NOT NULL AS start_known,
        f.first_ack_at, f.ack_by, i.resolved_at, i.resolved_by, i.auto_resolved, f.escalations, f.notes, f.engaged_s,
        f.linked, coalesce(i.outcome, f.outcome) AS outcome, i.close_code,
        coalesce(i.attributed_to, f.attributed_to) AS attributed_to, coalesce(i.root_cause, f.root_cause) AS root_cause,
        coalesce(i.runbook_url, f.runbook_url) AS runbook_url, i.url
    FROM on_call_incident AS i
    JOIN family AS f ON f.root_source = i.source AND f.root_id = i.id
    WHERE f.paged = 1 OR f.severity <= 2
),
ruled AS (
    SELECT
        p.*,
        CASE
            WHEN p.first_ack_at IS NOT NULL
                AND (p.engaged_s >= $engaged_minutes * 60 OR p.notes > 0 OR p.linked = 1) THEN 'actionable'
            WHEN p.first_ack_at IS NULL AND p.auto_resolved THEN 'noise'
            WHEN p.notes = 0 AND p.resolved_at >= p.first_ack_at
                AND date_diff('millisecond', p.first_ack_at, p.resolved_at) < $brief_minutes * 60000 THEN 'noise'
        END AS by_rule,
        lag(p.created_at) OVER (PARTITION BY p.source, p.alert_key ORDER BY p.created_at, p.id) AS before_created_at,
        lag(p.resolved_at) OVER (PARTITION BY p.source, p.alert_key ORDER BY p.created_at, p.id) AS before_resolved_at,
        lag(p.created_at) OVER (PARTITION BY p.root_cause ORDER BY p.created_at, p.id) AS cause_seen_at
    FROM page AS p
)
SELECT
    r.source, r.id, r.alert_key, r.title, r.service, coalesce(r.told_team, s.team) AS team, r.rule, r.severity,
    r.priority, r.paged, r.members, r.created_at, CAST(r.created_at AS DATE) AS day, r.started_at,
    r.start_known, r.first_ack_at, r.ack_by, r.resolved_at, r.resolved_by, r.auto_resolved,
    CAST(r.escalations AS BIGINT) AS escalations,
    CAST(r.notes AS BIGINT) AS notes, r.engaged_s, r.linked = 1 AS linked,
    CASE WHEN r.first_ack_at >= r.created_at
         THEN date_diff('millisecond', r.created_at, r.first_ack_at) / 1e3 END AS tta_s,
    CASE WHEN r.resolved_at >= r.started_at
         THEN date_diff('millisecond', r.started_at, r.resolved_at) / 1e3 END AS ttr_s,
    coalesce(r.outcome, r.close_code, r.by_rule, 'unknown') AS verdict,
    CASE WHEN r.outcome IS NOT NULL THEN 'person' WHEN r.close_code IS NOT NULL THEN 'close_code'
         WHEN r.by_rule IS NOT NULL THEN 'rule' END AS evidence,
    r.attributed_to, r.root_cause,
    coalesce(r.root_cause IS NOT NULL AND r.cause_seen_at >= r.created_at - $repeat_days * INTERVAL 1 DAY, false)
        AS repeated,
    coalesce(r.alert_key IS NOT NULL AND coalesce(r.before_resolved_at, r.before_created_at)
             > r.created_at - $flap_minutes * INTERVAL 1 MINUTE, false) AS refired,
    coalesce(t.sleep, false) AS sleep, t.shift_start, t.shift_end, t.shift, r.runbook_url, r.url
FROM ruled AS r
LEFT JOIN service AS s ON s.service = r.service
LEFT JOIN on_call_slot AS t ON r.created_at >= t.slot_start AND r.created_at < t.slot_end
