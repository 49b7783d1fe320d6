"""Paging without a network: however a list is cut, all of it comes, once; and no server makes it endless."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rest.client import Answer, Parameters
from collector.rest.pagers import Get, Page, Row, Shape, cursor, link_header, offset, page_token, single, whole
from warehouse.errors import BadAnswer

SHAPE = Shape("things", "total_entries")
BARE = Shape(None)


def rows(count: int) -> list[Row]:
    return [{"id": number, "name": f"thing {number}"} for number in range(count)]


@st.composite
def cut_lists(draw: st.DrawFn) -> list[list[Row]]:
    """A list cut into pages at any places; never an empty page but for the empty list."""
    count = draw(st.integers(0, 40))
    cuts = sorted(draw(st.sets(st.integers(1, max(count - 1, 1)), max_size=10))) if count > 1 else []
    everything = rows(count)
    return [everything[start:end] for start, end in pairwise([0, *cuts, count])]


def joined(pages: Iterator[Page]) -> list[Row]:
    return [row for page in pages for row in page.rows]


@given(cut_lists())
def test_any_cut_gives_the_same_rows_by_token_and_cursor(pages: list[list[Row]]) -> None:
    def get_by(parameter: str, token: str, first: str | None) -> Get:
        def get(path: str, parameters: Parameters) -> Answer:
            assert parameters["since"] == "x"
            given_token = parameters.get(parameter)
            number = 0 if given_token == first else int(str(given_token).removeprefix("t"))
            more = {token: f"t{number + 1}"} if number + 1 < len(pages) else {token: None}
            return Answer({"things": pages[number], **more})

        return get

    expected = [row for page in pages for row in page]
    by_token = page_token(get_by("page_token", "next_page_token", None), "/things", {"since": "x"}, SHAPE)
    by_cursor = cursor(get_by("cursor", "next_cursor", ""), "/things", {"since": "x"}, SHAPE)
    assert joined(by_token) == expected
    assert joined(by_cursor) == expected


@given(cut_lists())
def test_any_cut_gives_the_same_rows_by_link_header(pages: list[list[Row]]) -> None:
    def get(path: str, parameters: Parameters) -> Answer:
        assert parameters == ({"per_page": 9} if path == "/things" else {})
        number = 0 if path == "/things" else int(path.rpartition("=")[2])
        return Answer(pages[number], {"next": f"/things?page={number + 1}"} if number + 1 < len(pages) else {})

    assert joined(link_header(get, "/things", {"per_page": 9}, BARE)) == [row for page in pages for row in page]


@given(count=st.integers(0, 60), size=st.integers(1, 70), cap=st.integers(1, 70), counted=st.booleans())
def test_offsets_give_every_row_whatever_the_server_caps(count: int, size: int, cap: int, counted: bool) -> None:
    everything = rows(count)

    def get(path: str, parameters: Parameters) -> Answer:
        start = int(parameters["offset"])
        page = everything[start : start + min(int(parameters["limit"]), cap)]
        return Answer({"things": page, **({"total_entries": count} if counted else {})})

    assert joined(offset(get, "/things", {}, SHAPE, size=size)) == everything


def test_single_asks_once() -> None:
    asked = []

    def get(path: str, parameters: Parameters) -> Answer:
        asked.append((path, dict(parameters)))
        return Answer(rows(2))

    assert joined(single(get, "/things", {"a": 1}, BARE)) == rows(2)
    assert asked == [("/things", {"a": 1})]


def endless_offset(path: str, parameters: Parameters) -> Answer:
    return Answer({"things": rows(3)})  # takes no notice of the offset


def endless_token(path: str, parameters: Parameters) -> Answer:
    return Answer({"things": rows(0), "next_page_token": "again", "next_cursor": "again"})


def endless_link(path: str, parameters: Parameters) -> Answer:
    return Answer([], {"next": "/things?page=2"})


@pytest.mark.parametrize(
    "pages",
    [
        offset(endless_offset, "/things", {}, SHAPE, size=3),
        page_token(endless_token, "/things", {}, SHAPE),
        cursor(endless_token, "/things", {}, SHAPE),
        link_header(endless_link, "/things", {}, BARE),
    ],
    ids=["offset", "page token", "cursor", "link header"],
)
def test_a_server_that_never_ends_is_refused(pages: Iterator[Page]) -> None:
    with pytest.raises(BadAnswer, match="paging is not understood"):
        list(pages)


@pytest.mark.parametrize("body", [{"other": []}, [], None, {"things": {}}, {"things": [1]}, "text"])
def test_an_answer_of_another_shape_is_refused(body: Any) -> None:
    with pytest.raises(BadAnswer, match="things"):
        list(single(lambda path, parameters: Answer(body), "/things", {}, SHAPE))


def identity(row: Row) -> str:
    return str(row["id"])


def test_a_row_that_moves_to_a_later_page_counts_once_with_its_newest_version() -> None:
    pages = [Page([{"id": 1, "v": 1}, {"id": 2, "v": 1}], 3), Page([{"id": 2, "v": 2}, {"id": 3, "v": 1}], 3)]
    assert whole(lambda: iter(pages), identity) == [{"id": 1, "v": 1}, {"id": 2, "v": 2}, {"id": 3, "v": 1}]


def test_a_row_hidden_by_a_deletion_is_found_by_reading_again() -> None:
    first = [Page([{"id": 1}, {"id": 2}], 4), Page([{"id": 4}], 4)]  # 3 moved to the page that was read already
    again = [Page([{"id": 2}, {"id": 3}], 3), Page([{"id": 4}], 3)]
    walks = iter([first, again])
    assert {row["id"] for row in whole(lambda: iter(next(walks)), identity)} == {1, 2, 3, 4}


def test_a_list_that_never_adds_up_is_refused() -> None:
    with pytest.raises(BadAnswer, match="counts 5 rows and hands out 1") as caught:
        whole(lambda: iter([Page([{"id": 1}], 5)]), identity)
    assert caught.value.retryable


def test_a_row_without_its_natural_id_is_refused() -> None:
    with pytest.raises(BadAnswer, match="has no 'id'"):
        whole(lambda: iter([Page([{"name": "x"}])]), identity)
