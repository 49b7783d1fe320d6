"""Values at the ends of minutes -> good and valid events by minute. Pure: arrays in, arrays out.

Rules for counters, those of the serving facts (see `rollup`) where one minute is enough to know:
- An increase is the difference to the last value known before; after a reset the new value is the difference. No
  extrapolation: the minutes of any cut add up to the counter.
- A minute in which a series has no value says nothing of it. What the counter grew by meanwhile belongs to the minute
  in which it is seen again, up to `SILENCE` minutes later; after a longer silence it counts as never seen.
- A series that was never seen adds nothing at its first value, as nobody knows how long it has been growing. The one
  exception: its target (`TARGET` labels) was seen in the minute before, without this series and without losing another
  one now. Then the target made the series since, and it counts from zero: the first errors of an outage are not lost.
- Of replicas that say the same, one speaks in each minute: the first one that knows its increase.
- A minute is measured when at least one series of the total knows its increase; otherwise it has no row. Within such a
  minute, no series of good or bad events means that there were none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.prometheus.identity import label_text
from collector.prometheus.indicator import Definition, Ratio, Raw
from collector.prometheus.rollup import COUNTER_SILENCE_S
from warehouse.errors import Rejected

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SILENCE = COUNTER_SILENCE_S // 60
"""Minutes that a series may be away and still be the same."""

TARGET = ("cluster", "job", "instance", "namespace", "pod", "container")
"""Labels that service discovery gives to all series of a scraped target; those of them that a series has name it."""

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {"lte": le, "lt": lt, "gte": ge, "gt": gt}


@dataclass(frozen=True, slots=True)
class Values:
    """What a query gave: a row a series, a column a minute; NaN where it has no value. `labels` are the rows'."""

    labels: Sequence[Mapping[str, str]]
    matrix: Floats

    @property
    def targets(self) -> list[tuple[str, ...]]:
        """The target that each series belongs to."""
        return [tuple(one.get(label, "") for label in TARGET) for one in self.labels]


def counts(
    definition: Definition, answers: Sequence[Values], replica_labels: Sequence[str], sli: str
) -> tuple[Floats, Floats]:
    """Good and valid events of each minute (column) of the answers to `definition.queries`; both NaN: not measured.

    For counters the first `SILENCE` columns are only looked back to. Raises Rejected where one series was expected.
    """
    if isinstance(definition, Ratio):
        if definition.counter:
            part, total = (_summed(grown, one.labels, replica_labels) for grown, one in _grown(answers))
        else:
            part, total = (_summed(np.maximum(one.matrix, 0.0), one.labels, replica_labels) for one in answers)
        part = np.where(np.isnan(part), 0.0, part)
        good = part if definition.good is not None else total - part
        # the two queries are answered one after the other: a scrape between them must not make more good than valid
        return np.where(np.isnan(total), np.nan, np.clip(good, 0.0, np.maximum(total, 0.0))), total
    value = _only(answers[0], replica_labels, sli)
    known = ~np.isnan(value)
    if isinstance(definition, Raw):
        share = np.clip(value, 0.0, 1.0)
        good = share if definition.type == "success" else 1.0 - share
    else:
        good = COMPARE[definition.op](value, definition.value).astype(np.float64)
    return np.where(known, good, np.nan), np.where(known, 1.0, np.nan)


def _grown(answers: Sequence[Values]) -> list[tuple[Floats, Values]]:
    """Each answer with its increases; a target is known by what either of the answers shows of it."""
    alive: dict[tuple[str, ...], Bools] = {}
    lost: dict[tuple[str, ...], Bools] = {}
    for one in answers:
        present = ~np.isnan(one.matrix)
        gone = np.zeros_like(present)
        gone[:, 1:] = present[:, :-1] & ~present[:, 1:]
        for row, target in enumerate(one.targets):
            alive[target] = alive[target] | present[row] if target in alive else present[row]
            lost[target] = lost[target] | gone[row] if target in lost else gone[row]
    grown = []
    for one in answers:
        born = np.zeros(one.matrix.shape, dtype=np.bool_)
        for row, target in enumerate(one.targets):
            born[row, 1:] = alive[target][:-1] & ~lost[target][1:]
        grown.append((increases(one.matrix, born), one))
    return grown


def increases(values: Floats, born: Bools | None = None, silence: int = SILENCE) -> Floats:
    """Increase of each counter (row) in each minute; NaN where it is not known.

    `born` marks where a series that was not seen for `silence` minutes would begin at zero.
    """
    rows, columns = values.shape
    if not rows or not columns:
        return values.copy()
    present = ~np.isnan(values)
    at = np.where(present, np.arange(columns), -1)
    last = np.full(values.shape, -1)
    np.maximum.accumulate(at[:, :-1], axis=1, out=last[:, 1:])  # where each was last seen before this minute
    near = (last >= 0) & (np.arange(columns) - last <= silence)
    before = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    grown = np.where(near, np.where(values >= before, values - before, values), np.nan)
    if born is not None:
        grown = np.where(~near & born, values, grown)
    return np.where(present, grown, np.nan)


def _summed(rows: Floats, labels: Sequence[Mapping[str, str]], replica_labels: Sequence[str]) -> Floats:
    """The sum of what is known in each column, NaN where nothing is; of replicas one row speaks."""
    rows = _one_replica(rows, labels, replica_labels)
    known = ~np.isnan(rows)
    return np.where(known.any(axis=0), np.where(known, rows, 0.0).sum(axis=0), np.nan)


def _one_replica(rows: Floats, labels: Sequence[Mapping[str, str]], replica_labels: Sequence[str]) -> Floats:
    if not any(name in one for one in labels for name in replica_labels):
        return rows
    chosen: dict[str, Floats] = {}
    for row in sorted(range(len(labels)), key=lambda number: label_text(labels[number])):
        key = label_text({name: value for name, value in labels[row].items() if name not in replica_labels})
        spoken = chosen.get(key)
        chosen[key] = rows[row] if spoken is None else np.where(np.isnan(spoken), rows[row], spoken)
    return np.stack(list(chosen.values()))


def _only(values: Values, replica_labels: Sequence[str], sli: str) -> Floats:
    rows = _one_replica(values.matrix, values.labels, replica_labels)
    if not len(rows):
        return np.full(values.matrix.shape[1], np.nan)
    crowded = (~np.isnan(rows)).sum(axis=0) > 1
    if crowded.any():
        raise Rejected(
            f"the query of indicator {sli} gives {len(rows)} series where one was expected",
            "aggregate it, for example with max(...) or sum(...)",
        )
    known = ~np.isnan(rows)  # series that follow each other in time (a label changed) are one
    column: Floats = np.where(known.any(axis=0), np.where(known, rows, 0.0).sum(axis=0), np.nan)
    return column
