"""Objectives as rules for Prometheus: recordings for each window, and alerts on two windows, as Sloth writes them.

One group an objective, recordings before the alerts that read them, so that an alert sees the same moment. The names
`slo:sli_error:ratio_rate5m` and so on are Sloth's, the labels are ours. Pure: objectives in, text and
notes out. What cannot be said in PromQL is named in the notes and stands in the file as comments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from meterline.openslo.document import as_yaml
from meterline.openslo.duration import shorthand
from meterline.openslo.promql import error_ratio, event_counts, series_of, slice_error
from meterline.openslo.slos import FACTS, BurnAlert, Objective

ALERT = "SLOBurnRate"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Exported:
    """A rules file as text, how many objectives are in it, and what is not in it or not the same."""

    text: str
    objectives: int
    notes: tuple[str, ...]


def prometheus_rules(objectives: Sequence[Objective], source: str | None = None) -> Exported:
    """The rules of those objectives whose indicator is asked of `source`, a Prometheus; of all of them when absent."""
    groups, notes = [], []
    for one in objectives:
        if one.indicator.source == FACTS:
            notes.append(f"{_name(one)} is made of Meterline's own facts, which Prometheus does not have: left out")
        elif source is not None and one.indicator.source != source:
            notes.append(f"{_name(one)} is asked of the source {one.indicator.source}: left out")
        else:
            groups.append({"name": f"slo-{_name(one)}", "rules": [*_recordings(one), *_alerts(one)]})
            notes += [f"{_name(one)}: {note}" for note in _differences(one)]
    head = [
        "# Made by `meterline export prometheus-rules`: make it anew instead of editing it.",
        "# Unlike Meterline, Prometheus pages before the windows are full: after a start, or the first sample ever.",
    ]
    head += [f"# {line}" for note in notes for line in note.splitlines()]
    return Exported("\n".join(head) + "\n" + as_yaml([{"groups": groups}]), len(groups), tuple(notes))


def sources_of(objectives: Sequence[Objective]) -> list[str]:
    """The Prometheus sources that the objectives are asked of, each once."""
    return sorted({one.indicator.source for one in objectives} - {FACTS})


def limit(alert: BurnAlert, target: Decimal) -> float:
    """The part of bad events above which `alert` fires: factor x (1 - target)."""
    return float(Decimal(repr(alert.factor)) * (1 - target))


def _recordings(one: Objective) -> Iterator[dict[str, Any]]:
    windows = sorted({window for alert in one.alerts for window in (alert.long, alert.short)})
    if one.method != "Occurrences" and one.slice is not None:
        yield _recording(one, _slice_record(one.slice), slice_error(one.indicator, one.slice, one.slice_target))
    for window in windows:
        yield _recording(one, f"slo:sli_error:ratio_rate{shorthand(window)}", _error(one, window))
    for window in sorted({alert.long for alert in one.alerts if alert.min_bad}):
        counts = event_counts(one.indicator, window)
        if counts is not None:
            yield _recording(one, f"slo:sli_bad_events:increase{shorthand(window)}", counts[0])
            yield _recording(one, f"slo:sli_events:increase{shorthand(window)}", counts[1])
    yield _recording(one, "slo:objective:ratio", f"vector({_exact(one.target)})")
    yield _recording(one, "slo:error_budget:ratio", f"vector({_exact(1 - one.target)})")
    yield _recording(one, "slo:time_period:days", f"vector({one.window.span.length / DAY:g})")
    if windows:
        recorded = f"slo:sli_error:ratio_rate{shorthand(windows[0])}{_selector(one)}"
        yield _recording(one, "slo:current_burn_rate:ratio", f"{recorded} / {_exact(1 - one.target)}")
    if one.window.kind == "rolling":
        whole = f"slo:sli_error:ratio_rate{shorthand(one.window.span.length)}"
        if one.window.span.length not in windows:
            yield _recording(one, whole, _error(one, one.window.span.length))
        burnt = f"{whole}{_selector(one)} / {_exact(1 - one.target)}"
        yield _recording(one, "slo:period_burn_rate:ratio", burnt)
        yield _recording(one, "slo:period_error_budget_remaining:ratio", f"1 - {burnt}")


def _alerts(one: Objective) -> Iterator[dict[str, Any]]:
    for alert in one.alerts:
        above = repr(limit(alert, one.target))
        parts = [
            f"slo:sli_error:ratio_rate{shorthand(window)}{_selector(one)} > {above}"
            for window in (alert.short, alert.long)
        ]
        if alert.min_bad and event_counts(one.indicator, alert.long) is not None:
            long = shorthand(alert.long)
            parts.append(
                f"(slo:sli_bad_events:increase{long}{_selector(one)} >= {alert.min_bad:g}"
                f" or slo:sli_events:increase{long}{_selector(one)} * {_exact(1 - one.target)} >= 1)"
            )
        labels = {**_labels(one), "rule": alert.rule, "severity": alert.severity, "owner": one.owner}
        summary = (
            f"{one.title}: the error budget burns more than {alert.factor:.4g} times too fast "
            f"({shorthand(alert.long)} and {shorthand(alert.short)})"
        )
        annotations = {"summary": summary, "description": one.description, "runbook_url": one.runbook_url}
        yield {
            "alert": ALERT,
            "expr": "\nand\n".join(parts) + "\n",
            "labels": _texts(labels),
            "annotations": _texts(annotations),
        }


def _error(one: Objective, window: timedelta) -> str:
    if one.method == "Occurrences" or one.slice is None:
        return error_ratio(one.indicator, window)
    recorded = f"{_slice_record(one.slice)}{_selector(one)}"
    return f"avg_over_time({recorded}[{shorthand(window)}:{shorthand(one.slice)}])"


def _slice_record(size: timedelta) -> str:
    return f"slo:sli_slice_error:ratio_rate{shorthand(size)}"


def _differences(one: Objective) -> Iterator[str]:
    """Where Prometheus will say something else than Meterline."""
    definition = one.indicator.definition
    if one.indicator.kind == "ratio" and definition["counter"]:
        queries = [definition[part] for part in ("good", "bad", "total") if part in definition]
        if any(series_of(query) is None for query in queries):
            yield "a query is no selector: when one of its series begins anew, the sum seems to"
    elif one.indicator.kind != "ratio" or not definition["counter"]:
        yield "values are looked at once a minute; both ends of a window count before Prometheus 3"
    if one.method != "Occurrences":
        yield "slices end when the rules are evaluated, and count in windows once they are recorded"
    if one.method != "Occurrences" and one.empty_slices != "excluded":
        yield f"slices without events are left out, and not {one.empty_slices}"
    if one.window.kind == "calendar":
        yield f"the budget of a calendar window ({one.window.span}) is not recorded: PromQL has no calendar"


def _recording(one: Objective, record: str, expr: str) -> dict[str, Any]:
    return {"record": record, "expr": expr, "labels": _texts(_labels(one))}


def _labels(one: Objective) -> dict[str, str | None]:
    return {"slo": one.slo, "objective": one.objective, "service": one.service, "team": one.team}


def _texts(values: dict[str, str | None]) -> dict[str, str]:
    """What is known, safe from being read as a template."""
    return {key: value.replace("{{", '{{ "{{" }}') for key, value in values.items() if value is not None}


def _selector(one: Objective) -> str:
    return f"{{slo={_quoted(one.slo)}, objective={_quoted(one.objective)}}}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _exact(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


def _name(one: Objective) -> str:
    return f"{one.slo}/{one.objective}"
