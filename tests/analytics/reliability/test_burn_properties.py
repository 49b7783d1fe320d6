"""What must always hold of windows and rules, against sums of exact fractions written the plain way."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.reliability.burn import Burning, Rule, spans
from analytics.reliability.methods import Minutes, counted
from analytics.reliability.objective import Empty, Method, Objective
from analytics.reliability.period import Rolling

TARGETS = st.sampled_from([Decimal("0.9"), Decimal("0.99"), Decimal("0.999"), Decimal("0.5"), Decimal(0)])
COUNTS = st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 50), st.integers(0, 50))), min_size=1, max_size=60)


def minutes_of(counts: list[tuple[int, int] | None], first: int = 29_000_160) -> Minutes:
    """(good, bad) of each minute, None where it was not measured; the first is a midnight by default."""
    good = np.array([one[0] if one else 0 for one in counts], dtype=float)
    bad = np.array([one[1] if one else 0 for one in counts], dtype=float)
    return Minutes(first, good, good + bad, np.array([one is not None for one in counts]))


def objective(target: Decimal, method: Method = "Occurrences", size: int = 1, empty: Empty = "excluded") -> Objective:
    return Objective("s", "o", target, method, size, 0.9, empty, Rolling(1440))


@settings(max_examples=200)
@given(
    counts=COUNTS, target=TARGETS, long=st.integers(2, 40), short=st.integers(1, 10),
    factor=st.sampled_from([1.0, 2.0, 14.4, 0.933, 6.0]), min_bad=st.sampled_from([0.0, 5.0]),
)  # fmt: skip
def test_a_rule_fires_where_exact_sums_of_both_windows_are_above_the_limit(
    counts: list[tuple[int, int] | None], target: Decimal, long: int, short: int, factor: float, min_bad: float
) -> None:
    rule = Rule("r", "page", long, short, factor, min_bad)
    readings = Burning(minutes_of(counts), objective(target)).readings(rule)
    allowed = 1 - Fraction(target)
    limit = Fraction(str(factor)) * allowed
    last = max((place for place, one in enumerate(counts) if one), default=-1)
    assert len(readings.firing) == last + 1
    for minute in range(last + 1):
        windows = [[one for one in counts[max(minute - width + 1, 0) : minute + 1] if one] for width in (long, short)]
        bad, total = ([sum(one[1] for one in w) for w in windows], [sum(map(sum, w)) for w in windows])
        few = total[0] * allowed < 1 and bad[0] < min_bad
        expected = all(b > limit * t for b, t in zip(bad, total, strict=True)) and not few
        assert readings.firing[minute] == expected
        assert np.isnan(readings.value[minute]) == (not all(windows))
        if all(windows):
            assert (readings.value[minute] > factor) == expected


@given(counts=COUNTS, size=st.integers(1, 12), first=st.integers(29_000_160, 29_000_160 + 1439),
       method=st.sampled_from(["Occurrences", "Timeslices", "RatioTimeslices"]),
       empty=st.sampled_from(["excluded", "good", "bad"]))  # fmt: skip
def test_slices_lose_no_event_and_weigh_the_same(
    counts: list[tuple[int, int] | None], size: int, first: int, method: Method, empty: Empty
) -> None:
    minutes = minutes_of(counts, first)
    slices = counted(minutes, objective(Decimal("0.99"), method, size, empty))
    assert len(slices) == len(minutes)
    ends = [place for place in range(len(minutes)) if slices.measured[place]]
    assert all((first + place + 1) % 1440 % size == 0 or (first + place + 1) % 1440 == 0 for place in ends)
    assert (slices.good <= slices.total).all()
    if method == "Occurrences":
        whole = max((p for p in range(len(minutes)) if (first + p + 1) % 1440 % size == 0), default=-1)
        assert slices.total.sum() >= minutes.total[: whole + 1].sum()
    else:
        assert set(slices.total.tolist()) <= {0.0, 1.0}
        assert not slices.total[~slices.measured].any()
        if empty != "excluded":
            assert slices.total.sum() == slices.measured.sum()


@given(flags=st.lists(st.booleans(), max_size=40))
def test_spans_are_exactly_the_set_flags(flags: list[bool]) -> None:
    found = list(spans(np.array(flags, dtype=bool)))
    assert [place for start, end in found for place in range(start, end)] == [p for p, flag in enumerate(flags) if flag]
    assert all(after[0] > before[1] for before, after in pairwise(found))


def test_sums_of_fractions_leave_no_bad_events_behind() -> None:
    """0.1 + 0.2 in doubles is 0.30000000000000004: a window after such minutes must be clean."""
    good = np.array([0.1, 0.2, 0.3, 0.1, 0.7] * 20)
    minutes = Minutes(29_000_160, good, good.copy(), np.ones(100, dtype=bool))
    minutes.good[:10] -= 0.05
    window = Burning(minutes, objective(Decimal("0.9"))).window(5)
    assert (window.bad[20:] == 0).all()
    assert window.bad[12] > 0
