"""The log of alerts as the page shows it: what fires, narrowed to what the reader wants to see, and how fresh it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.alert_log.history import Listed, history, listed, suppressions
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us

RECENT = timedelta(days=7)
MOST = 10_000
"""Alerts that are read at most; a storm may fire more."""

RANKS = {"page": 0, "critical": 0, "ticket": 1, "warning": 1, "info": 2}
"""Severities by their label, the worst first: ours, and those that others use. Any other word comes last."""

STATES = ("active", "acknowledged", "suppressed", "resolved")


@dataclass(frozen=True, slots=True)
class Row:
    """An alert and where it stands; `severity` is its label, `none` without one."""

    listed: Listed
    state: str

    @property
    def fingerprint(self) -> str:
        return self.listed.alert.fingerprint

    @property
    def name(self) -> str:
        return self.label("alertname") or "(no name)"

    @property
    def severity(self) -> str:
        return self.label("severity") or "none"

    @property
    def rank(self) -> int:
        return RANKS.get(self.severity, 3)

    @property
    def pages(self) -> bool:
        return self.rank == 0

    def label(self, name: str) -> str:
        """A label, empty when there is none."""
        return self.listed.alert.labels.get(name, "")

    def text(self, name: str) -> str:
        """An annotation, empty when there is none."""
        return self.listed.alert.annotations.get(name, "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader wants to see; an empty choice leaves nothing out."""

    team: str = ""
    service: str = ""
    severities: Sequence[str] = ()
    states: Sequence[str] = ()

    def whose(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are of the team and the service."""
        return all(
            not want or labels.get(name) == want for name, want in (("team", self.team), ("service", self.service))
        )

    def shows(self, row: Row) -> bool:
        """Whether the row is wanted."""
        return (
            self.whose(row.listed.alert.labels)
            and (not self.severities or row.severity in self.severities)
            and (not self.states or row.state in self.states)
        )


@dataclass(frozen=True, slots=True)
class Health:
    """Whether alerts are made and sent at all. `failing` are rules with their error; `dead` counts refused deliveries
    of the last 24 hours, `waiting` those to be sent; `alerts` counts all that fire."""

    evaluated_at: datetime | None
    failing: Mapping[str, str]
    alerts: int
    waiting: int
    dead: int


def rows(log: AlertLog, now: datetime, *, ended: bool) -> list[Row]:
    """What fires, and with `ended` what ended in the last seven days: not acknowledged pages first, then by severity,
    the newest first. At most `MOST`."""
    found = [Row(one, one.state(now)) for one in listed(log, since=now - RECENT if ended else None, limit=MOST)]
    return sorted(found, key=lambda row: (_urgency(row), row.rank))


def _urgency(row: Row) -> int:
    return 3 if row.state == "resolved" else 2 if row.state == "suppressed" else 1 if row.state == "acknowledged" else 0


def one(log: AlertLog, fingerprint: str, now: datetime) -> Row | None:
    """One alert, whether it fires or not; None when it is not known."""
    known = history(log, fingerprint, events=1)
    if known is None or not known.episodes:
        return None
    found = Listed(known.alert, known.episodes[-1], suppressions(log, fingerprint))
    return Row(found, found.state(now))


def health(log: AlertLog, now: datetime) -> Health:
    """How fresh the evaluation is, and what waits or was refused."""
    evaluated = log.rows("SELECT value FROM setting WHERE key = 'evaluated_at'")
    failing = log.rows("SELECT rule, error FROM rule_clock WHERE error IS NOT NULL ORDER BY rule")
    dead = log.rows(
        "SELECT count(DISTINCT json_extract(detail, '$.delivery')) FROM event WHERE at >= ? AND kind = 'dead'",
        (to_us(now - timedelta(days=1)),),
    )
    return Health(
        from_us(int(evaluated[0]["value"])) if evaluated else None,
        {row["rule"]: row["error"] for row in failing},
        log.rows("SELECT count(*) FROM alert WHERE ends_at IS NULL")[0][0],
        log.rows("SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending')")[0][0],
        dead[0][0],
    )


def told(log: AlertLog, some: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """The receivers that were told of the present episode of each alert."""
    found: dict[str, tuple[str, ...]] = {}
    for row in some:
        events = log.rows(
            "SELECT DISTINCT json_extract(detail, '$.receiver') AS receiver FROM event "
            "WHERE fingerprint = ? AND kind = 'notified' AND at >= ? ORDER BY 1",
            (row.fingerprint, to_us(row.listed.episode.fired_at)),
        )
        found[row.fingerprint] = tuple(event["receiver"] for event in events)
    return found
