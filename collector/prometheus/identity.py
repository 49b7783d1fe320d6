"""Who a series speaks of: labels as scraped -> the canonical columns of facts.

The traps that this hides: `honor_labels` either way (the workload sits in `exported_*` or in the plain labels, which
otherwise name the exporter's own pod), labels whose case changed between releases, empty labels, and labels that churn
(driver version, replica) and must not split one device into many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import orjson
import polars as pl

from collector.prometheus.profile import IDENTITY, Metric, Profile

OWNER = ("namespace", "pod", "container")


def canonical(profile: Profile, labels: Mapping[str, str], cluster: str | None) -> dict[str, str | None]:
    """The canonical columns of one series; a column that no label fills is None.

    `cluster` is the source's own, used where the series carries none: one Prometheus does not return its external
    labels.
    """
    row: dict[str, str | None] = {
        column: next((labels[name] for name in profile.labels.get(column, ()) if labels.get(name)), None)
        for column in IDENTITY
    }
    for column, rules in profile.rules.items():
        row[column] = next((rule.value for rule in rules if rule.matches(labels)), row[column])
    row["cluster"] = row["cluster"] or cluster
    pod = row["pod"]
    if pod and any(fnmatchcase(pod, pattern) for pattern in profile.own_pods):
        for column in OWNER:  # the labels name the exporter itself: the device has no owner
            row[column] = None
    if row["gpu_model"]:
        row["gpu_model"] = row["gpu_model"].replace(" ", "-")
    return row


def outcome(metric: Metric, labels: Mapping[str, str]) -> str | None:
    """The outcome that the metric's rules give these labels, or None where it has no rules or none matches."""
    return next((rule.outcome for rule in metric.outcome if rule.matches(labels)), None)


def series_table(
    profile: Profile, metric: Metric, labels: Sequence[Mapping[str, str]], cluster: str | None, replicas: Sequence[str]
) -> pl.DataFrame:
    """One row a series of an answer, in its order: its `series` index, canonical columns, `outcome`, `le`, `labels`
    (those that the metric keeps as a whole, without their prefix, as canonical JSON), and

    `series_key`: what is left of the labels without the replica labels, which are `replica`. Series with equal keys are
    the same thing seen by two replicas of a highly available pair.
    """
    rows = []
    for index, one in enumerate(labels):
        row: dict[str, object] = {"series": index, **canonical(profile, one, cluster)}
        row["outcome"] = outcome(metric, one)
        row["le"] = float(one["le"]) * metric.scale if metric.kind == "histogram" and "le" in one else None
        row["labels"] = whole_labels(one, metric.label_prefix) if metric.label_prefix else None
        row["series_key"] = label_text({name: value for name, value in one.items() if name not in replicas})
        row["replica"] = label_text({name: one[name] for name in replicas if name in one})
        rows.append(row)
    text = dict.fromkeys((*IDENTITY, "outcome", "labels", "series_key", "replica"), pl.String)
    return pl.DataFrame(rows, schema={"series": pl.UInt32, **text, "le": pl.Float64})


def whole_labels(labels: Mapping[str, str], prefix: str) -> str:
    """The labels that begin with `prefix`, without it, as canonical JSON; empty ones are as good as absent."""
    return label_text(
        {name[len(prefix) :]: value for name, value in labels.items() if name.startswith(prefix) and value}
    )


def label_text(labels: Mapping[str, str]) -> str:
    """Labels as canonical JSON: equal for equal label sets, whatever their order."""
    return orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode()
