"""The order of alerts against a literal transcription of Go's comparison."""

from __future__ import annotations

import random
from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from alerts.dispatch.order import order

NAMES = st.sampled_from(["job", "instance", "a", "ab", "b", "ü", "alertname"])
LABELS = st.dictionaries(NAMES, st.sampled_from(["", "1", "10", "2", "é", "🔥"]), max_size=5)


def less(left: dict[str, str], right: dict[str, str]) -> bool:
    """AlertSlice.Less and LabelSet.Before, line by line."""
    for name in ("job", "instance"):
        if name not in left and name not in right:
            continue
        if name not in left:
            return False
        if name not in right:
            return True
        if left[name] != right[name]:
            return left[name].encode() < right[name].encode()
    if len(left) != len(right):
        return len(left) < len(right)
    for name in sorted([*left, *right], key=str.encode):
        if name not in left:
            return True
        if name not in right:
            return False
        if left[name] != right[name]:
            return left[name].encode() < right[name].encode()
    return False


@given(st.lists(LABELS, max_size=8))
def test_sorts_as_go_does(some: list[dict[str, str]]) -> None:
    compare = cmp_to_key(lambda left, right: -1 if less(left, right) else 1 if less(right, left) else 0)
    assert sorted(some, key=order) == sorted(some, key=compare)


def test_the_order_of_arrival_does_not_matter() -> None:
    some = [{"alertname": "A", "pod": f"p{number}"} for number in range(20)]
    mixed = some.copy()
    random.Random(1).shuffle(mixed)
    assert sorted(mixed, key=lambda one: order(one)) == sorted(some, key=lambda one: one["pod"])
