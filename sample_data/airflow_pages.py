"""Filters, order and pages of Airflow's list endpoints, over records that are already made.

Both ways of paging are here: `offset`, and `cursor` (an empty one asks for the first page). A cursor is the position of
the last row, packed as the real server packs it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from starlette.datastructures import QueryParams

from sample_data.airflow_records import Body, Record

DEFAULT_LIMIT, MAXIMUM_LIMIT = 50, 100
COUNTED_UP_TO = 50_000
COMPARISONS: dict[str, Callable[[float, float], bool]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
TIMES = ("run_after", "logical_date", "start_date", "end_date", "updated_at")
EXACT = {"state": "state", "dag_id": "dag_id", "run_type": "run_type", "task_id": "task_id"}
ORDERS = ("id", *TIMES, "dag_id", "dag_run_id", "state")


class BadParameter(Exception):
    """A query parameter that the server refuses: `status` and the `detail` of its answer."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def page(name: str, records: list[Record], parameters: QueryParams) -> Body:
    """The answer of a list endpoint; `name` is the key of the list. Raises BadParameter."""
    chosen = [record for record in records if _chosen(record, parameters)]
    for order in reversed(parameters.getlist("order_by")):
        chosen = _ordered(chosen, order)
    limit = min(_whole(parameters, "limit", DEFAULT_LIMIT), MAXIMUM_LIMIT)
    by_cursor = "cursor" in parameters
    start = _position(parameters["cursor"]) if by_cursor else _whole(parameters, "offset", 0)
    end = min(start + limit, len(chosen))
    return {
        name: [record.body for record in chosen[start:end]],
        "total_entries": len(chosen),
        "total_entries_limit": COUNTED_UP_TO if by_cursor else None,
        "next_cursor": _cursor(end) if by_cursor and end < len(chosen) else None,
        "previous_cursor": f"~{_cursor(start + 1)}" if by_cursor and start else None,
    }


def _chosen(record: Record, parameters: QueryParams) -> bool:
    for parameter, key in EXACT.items():
        wanted = parameters.getlist(parameter)
        if wanted and str(record.body.get(key)) not in wanted:
            return False
    for field in TIMES:
        for suffix, holds in COMPARISONS.items():
            text = parameters.get(f"{field}_{suffix}")
            if text is None:
                continue
            value = _time(record, field)
            if value is None or not holds(value, _moment(f"{field}_{suffix}", text)):
                return False
    return True


def _time(record: Record, field: str) -> float | None:
    if field == "updated_at":
        return record.updated_at
    text = record.body.get(field)
    return datetime.fromisoformat(text).timestamp() if text else None


def _ordered(records: list[Record], order: str) -> list[Record]:
    field = order.removeprefix("-")
    if field not in ORDERS:
        detail = f"Ordering with '{field}' is disallowed or the attribute does not exist on the model"
        raise BadParameter(400, detail)

    def key(record: Record) -> tuple[bool, Any]:
        value = record.number if field == "id" else _time(record, field) if field in TIMES else record.body.get(field)
        return value is None, value or 0

    return sorted(records, key=key, reverse=order.startswith("-"))


def _whole(parameters: QueryParams, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise _unprocessable("int_parsing", name, message, text) from None
    if number < 0:
        raise _unprocessable("greater_than_equal", name, "Input should be greater than or equal to 0", text)
    return number


def _moment(name: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a + that was not percent-encoded
    except ValueError:
        raise _unprocessable("datetime_from_date_parsing", name, "Input should be a valid datetime", text) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _unprocessable(kind: str, name: str, message: str, text: str) -> BadParameter:
    return BadParameter(422, [{"type": kind, "loc": ["query", name], "msg": message, "input": text}])


def _cursor(position: int) -> str:
    packed = bytes([0x91, position]) if position < 128 else bytes([0x91, 0xCE]) + position.to_bytes(4, "big")
    return urlsafe_b64encode(packed).rstrip(b"=").decode()


def _position(cursor: str) -> int:
    """The position after which the page starts; 0 for the empty cursor."""
    if not cursor:
        return 0
    try:
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        packed = b""
    if len(packed) == 2:
        return packed[1]
    if len(packed) == 6:
        return int.from_bytes(packed[2:], "big")
    raise BadParameter(400, "Invalid cursor")
