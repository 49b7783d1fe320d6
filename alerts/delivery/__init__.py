"""What the outbox holds is sent: one courier for each integration of a receiver, or a push to the user's Alertmanagers.

    result        what came of one request
    exchange      one POST, bounded in time as a whole     message     what a person must read at 3 a.m.
    senders/      one file a kind of receiver              kinds       which sender serves which kind
    courier       one integration's queue, in a thread     office      all couriers, reload
    patience      when to try again                        own_alerts  alerts about ourselves
    alertmanager  push to Alertmanagers instead            heartbeat   dead man's switch

Promises: an attempt is on the disk before the request leaves and its end after the answer, so no notification is lost
by a kill, and one that may be a repeat says so. A receiver that hangs slows no other. It decides nothing about who is
told (`alerts.dispatch` does), and what it cannot know it does not claim: `sent` means that the receiver took it.
"""
