"""The log of alerts: SQLite beside the facts, because it is written row by row and must survive a kill at any moment.

DuckDB holds what is analysed, in few large transactions of one process. Alerts are the opposite: many small writes
that must be on the disk before a sender hears "accepted", read and changed by other processes too (`meterline alerts
silence` while the service runs). WAL with `synchronous = FULL` is that.

    alert      what an alert is, its fingerprint          outbox      deliveries and their attempts
    log        the file: open, transaction, query         intake      alerts come in, are merged, expire
    moment     times as the file holds them

Promises: what `intake.accept` returned from is stored; a delivery is in the outbox in the same transaction as the entry
of the notification log that speaks of it. It decides nothing: rules, routing and delivery are in `alerts`.
"""
