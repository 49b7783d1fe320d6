"""What sources that remember pages share: the shape of an incident, what words mean, how a pass is stored.

    incident     one row of on_call_incident as a value        meaning     severity, service, team, people: settings
    labels       rule, service and runbook out of free payload  history     all that was ever seen of an incident
    collecting   one pass: ask, keep the answers, make the facts anew, move the watermark

It asks nobody and knows no system: a source brings an `ask` (the network) and an `incident_of` (pure, from the history
of one incident to its row).
"""
