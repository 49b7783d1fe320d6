"""The Prometheus text format (0.0.4): what a monitoring system wants to know about this service.

Values in, text out. What is not known has no sample; what can be counted and did not happen yet is 0, so that the first
time is seen as an increase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from meterline.alerting.vitals import Vitals

CONTENT_TYPE = "text/plain; version=0.0.4"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples."""

    name: str
    meaning: str
    samples: Sequence[tuple[Labels, float]]
    kind: Literal["gauge", "counter"] = "gauge"


def exposition(families: Iterable[Family]) -> str:
    """The text of all families, in their order; whole numbers as such, others with three decimals."""
    lines = []
    for one in families:
        lines += [f"# HELP {one.name} {one.meaning}", f"# TYPE {one.name} {one.kind}"]
        lines += [f"{one.name}{_labels(labels)} {_number(value)}" for labels, value in one.samples]
    return "\n".join(lines) + "\n"


def of_results(version: int, sources: Iterable[Mapping[str, Any]]) -> list[Family]:
    """What is published, and how its sources are; `sources` are rows of source_status."""
    rows = list(sources)
    return [
        Family(
            "meterline_published_version", "Number of the published version, 0 when there is none.", [({}, version)]
        ),
        Family(
            "meterline_source_failures", "Failed passes of the source in a row.",
            [({"source": row["source"]}, row["failures"]) for row in rows],
        ),
        Family(
            "meterline_source_last_success_timestamp_seconds", "When the source was last collected.",
            [
                ({"source": row["source"]}, row["succeeded_at"].replace(tzinfo=UTC).timestamp())
                for row in rows
                if row["succeeded_at"]
            ],
        ),
    ]  # fmt: skip


def of_alerts(vitals: Vitals) -> list[Family]:
    """How alerts are evaluated and sent."""
    now, evaluated = vitals.at, vitals.evaluated_at
    return [
        Family(
            "meterline_alerts_firing", "Alerts that fire, silenced and inhibited ones among them.",
            [({"severity": severity}, number) for severity, number in vitals.firing.items()],
        ),
        Family(
            "meterline_notification_attempts_total",
            "Attempts to send a notification since this process began; a failed one is tried again, a dead one is not.",
            [
                ({"receiver": receiver, "integration": integration, "outcome": outcome}, number)
                for (receiver, integration, outcome), number in vitals.attempts.items()
            ],
            "counter",
        ),
        Family(
            "meterline_outbox_deliveries", "Notifications that are to be sent.",
            [(_place(place), waiting.number) for place, waiting in vitals.outbox.items()],
        ),
        Family(
            "meterline_outbox_oldest_age_seconds", "Since when the oldest of them waits, 0 when none does.",
            [(_place(place), _age(waiting.since, now)) for place, waiting in vitals.outbox.items()],
        ),
        Family(
            "meterline_evaluation_age_seconds", "Time since the rules were last evaluated.",
            [] if evaluated is None else [({}, _age(evaluated, now))],
        ),
        Family(
            "meterline_rule_failing", "Whether the last evaluation of the rule failed.",
            [({"rule": rule}, int(failing)) for rule, failing in vitals.rules.items()],
        ),
    ]  # fmt: skip


def _place(place: tuple[str, str]) -> Labels:
    return {"receiver": place[0], "integration": place[1]}


def _age(since: datetime | None, now: datetime) -> float:
    return 0 if since is None else max(0.0, (now - since).total_seconds())


def _labels(labels: Labels) -> str:
    inside = ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
