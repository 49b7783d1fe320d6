"""Whether a receiver must hear of a group now: what is, against what it was told."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta

from warehouse.alert_log.groups import Told

FIRST = "first notification"
NEW = "new alerts in group"
ALL_RESOLVED = "all alerts resolved"
SOME_RESOLVED = "new resolved alerts"
REPEATED = "repeat interval elapsed"


def reason_to_tell(
    known: Told | None, firing: Set[str], resolved: Set[str], *, send_resolved: bool, repeat: timedelta, now: datetime
) -> str | None:
    """Why the integration must be told, in Alertmanager's words; None if it need not.

    `firing` and `resolved` are the fingerprints of the alerts that nothing suppresses. The end of all alerts is a
    reason even for an integration that does not want to hear of it: its entry in the log changes.
    """
    if known is None:
        return FIRST if firing else None
    if not firing <= known.firing:
        return NEW if known.firing else FIRST
    if not firing:
        return ALL_RESOLVED if known.firing else None
    if send_resolved and not resolved <= known.resolved:
        return SOME_RESOLVED
    return REPEATED if now - known.sent_at >= repeat else None
