"""The ways in which APIs hand out long lists: one page, offset, page token, cursor, Link header.

Each pager is a generator of pages over a `get`, so it can be tried without a network and stopped at any page. All of
them refuse a server that hands out the same page again, which would never end. A list may change while it is read; that
is what `whole` is for. None of them knows what a row is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from collector.rest.client import Answer, Parameters
from warehouse.errors import BadAnswer

Row = dict[str, Any]
Get = Callable[[str, Parameters], Answer]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the server's order; `total` is how many it says there are in all pages, None where it does not say."""

    rows: list[Row]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Where an API's answers keep their list and its size; `rows` None: the answer itself is the list."""

    rows: str | None
    total: str | None = None

    def page(self, path: str, answer: Answer) -> Page:
        """The page in `answer`. Raises BadAnswer when it is not of this shape."""
        body = answer.body
        try:
            rows = body if self.rows is None else body[self.rows]
            total = body.get(self.total) if self.total else None
        except (KeyError, TypeError, AttributeError):
            raise BadAnswer(f"{path}: the answer has no list `{self.rows}`", "check the url and the version") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{path}: `{self.rows}` is not a list of objects", "check the url and the API's version")
        return Page(rows, total if isinstance(total, int) else None)


def single(get: Get, path: str, parameters: Parameters, shape: Shape) -> Iterator[Page]:
    """The one page of an API that does not page."""
    yield shape.page(path, get(path, parameters))


def offset(
    get: Get,
    path: str,
    parameters: Parameters,
    shape: Shape,
    *,
    size: int,
    names: tuple[str, str] = ("limit", "offset"),
) -> Iterator[Page]:
    """Pages by position; `names` are the parameters for size and position.

    Goes on by the rows that came, not by `size`, which the server may cut. Ends at the total, or at an empty page.
    """
    position, seen = 0, _Seen(path)
    while True:
        page = shape.page(path, get(path, {**parameters, names[0]: size, names[1]: position}))
        if not page.rows:
            if position == 0:
                yield page
            return
        seen.rows(page)
        yield page
        position += len(page.rows)
        if page.total is not None and position >= page.total:
            return


def page_token(
    get: Get, path: str, parameters: Parameters, shape: Shape, *,
    token: str = "next_page_token", parameter: str = "page_token",
) -> Iterator[Page]:  # fmt: skip
    """Pages by the token that each answer carries for the next one; a missing or empty token ends them."""
    return _by_token(get, path, parameters, shape, token, parameter, None)


def cursor(
    get: Get, path: str, parameters: Parameters, shape: Shape, *, token: str = "next_cursor", parameter: str = "cursor"
) -> Iterator[Page]:
    """As `page_token`, for APIs where the first page too has to be asked for with a cursor, an empty one."""
    return _by_token(get, path, parameters, shape, token, parameter, "")


def _by_token(
    get: Get, path: str, parameters: Parameters, shape: Shape, token: str, parameter: str, first: str | None
) -> Iterator[Page]:
    seen = _Seen(path)
    value = first
    while True:
        answer = get(path, parameters if value is None else {**parameters, parameter: value})
        page = shape.page(path, answer)
        seen.rows(page)
        yield page
        value = answer.body.get(token) if isinstance(answer.body, dict) else None
        if not value:
            return
        seen.address(value)


def link_header(get: Get, path: str, parameters: Parameters, shape: Shape) -> Iterator[Page]:
    """Pages by the `rel="next"` address of the Link header (RFC 8288), which carries all parameters itself."""
    seen = _Seen(path)
    answer = get(path, parameters)
    while True:
        page = shape.page(path, answer)
        seen.rows(page)
        yield page
        following = answer.links.get("next")
        if not following:
            return
        seen.address(following)
        answer = get(following, {})


def whole(walk: Callable[[], Iterator[Page]], key: Callable[[Row], str], walks: int = 3) -> list[Row]:
    """All rows of a list that may change while it is read, each natural id (`key`) once, its newest version.

    A row that is deleted while an offset moves on hides another; then fewer ids came than the server counts, and the
    list is read again. Raises BadAnswer when that does not help after `walks` times, or when a row has no natural id.
    """
    found: dict[str, Row] = {}
    total: int | None = None
    for _ in range(walks):
        for page in walk():
            try:
                found.update((key(row), row) for row in page.rows)
            except KeyError as error:
                raise BadAnswer(f"a row of the answer has no {error}", "check the url and the API's version") from None
            total = page.total
        if total is None or len(found) >= total:
            return list(found.values())
    raise BadAnswer(
        f"the server counts {total} rows and hands out {len(found)} of them", "try again later", retryable=True
    )


class _Seen:
    """The guard against paging without end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._pages: set[bytes] = set()
        self._addresses: set[str] = set()

    def rows(self, page: Page) -> None:
        digest = sha256(orjson.dumps(page.rows, option=orjson.OPT_SORT_KEYS)).digest()
        if page.rows and digest in self._pages:
            raise BadAnswer(f"{self._path}: the server hands out the same page again", "its paging is not understood")
        self._pages.add(digest)

    def address(self, address: str) -> None:
        if address in self._addresses:
            raise BadAnswer(f"{self._path}: the server's pages lead in a circle", "its paging is not understood")
        self._addresses.add(address)
