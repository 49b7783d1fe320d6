"""From alerts to notifications: who is told what, and when.

    groups       which alerts are told together, and when that is looked at next
    suppression  inhibited, muted, inactive, silenced      silences     the silences of the log, ready to be asked
    dedup        whether a receiver must hear something    order        the order of alerts within a notification
    payload      what is said                              flush        all of this for one group, in one transaction
    dispatcher   the turn of it: take in, flush, sleep     restoring    the groups as the log has them
    retention    forget what is old

The decisions are Alertmanager's, with its texts, and differ in one promise: what must be told is in the outbox in the
same transaction as the log's word that it was told. So a kill at any moment loses no notification and repeats none.
Nothing here sends, and nothing reads the clock: `now` is an argument.
"""
