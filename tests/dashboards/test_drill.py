"""The way down: what an address means, what comes below a row, and that nothing in an address can break a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboards.drill import below, parse
from dashboards.queries.showback import DIMENSIONS


def test_the_way_from_the_organisation_to_a_pod() -> None:
    assert below(()) is None
    assert below((("cost_center", "CC-1"),)) == "team"
    assert below((("cost_center", "CC-1"), ("team", "search"))) == "service"
    assert below((("team", "search"), ("service", "chat"))) == "pod"
    assert below((("team", "search"), ("namespace", "scratch"))) == "pod"
    assert below((("team", "search"), ("model", "m"))) == "service"


def test_an_address_is_read_leniently() -> None:
    assert parse(["team:search", "service:a:b"]) == (("team", "search"), ("service", "a:b"))
    assert parse(["team:search", "team:other", "drop table", "price:1", "namespace:"]) == (
        ("team", "search"),
        ("namespace", ""),
    )


@given(st.lists(st.sampled_from(DIMENSIONS), unique=True))
def test_below_is_never_what_was_opened_already(columns: list[str]) -> None:
    place = tuple((column, "x") for column in columns)
    following = below(place)
    assert following not in columns
    assert (following is None) == (len(columns) in (0, len(DIMENSIONS)))
