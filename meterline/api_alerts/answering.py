"""What the answers about alerts share: the log, the clock, JSON in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.routing.load import Routing
from meterline.output import as_json
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError

LARGEST_BODY = 32 << 20


@dataclass(frozen=True)
class Desk:
    """What the answers need. `wake` tells the router that there is something new; `routing` is the one in force."""

    log: AlertLog
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    routing: Callable[[], Routing]
    reload: Callable[[], None]
    classic: bool = False


def answer(value: Any, status: int = 200) -> Response:
    return Response(as_json(value, indent=False), status, media_type="application/json")


async def body_of(request: Request) -> bytes:
    """The body of a JSON request; 415 when it is declared as something else, 413 when it is too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "expected the header Content-Type: application/json")
    return await content_of(request, LARGEST_BODY)


async def content_of(request: Request, most: int) -> bytes:
    """The body, whatever it is declared as; 413 when it is longer than `most` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, f"expected at most {most} bytes, send smaller batches")
        parts.append(part)
    return b"".join(parts)


async def fields_of(request: Request) -> dict[str, Any]:
    """The body as an object. Raises ConfigurationError when it is none."""
    try:
        content = orjson.loads(await body_of(request) or b"{}")
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"the body is not JSON ({error})", "expected an object") from error
    if not isinstance(content, dict):
        raise ConfigurationError("the body is not an object", 'expected for example {"by": "mo", "note": "on it"}')
    return content


def text_of(fields: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text of an object. Raises ConfigurationError when it is missing or something else."""
    value = fields.get(key, default)
    if not isinstance(value, str):
        raise ConfigurationError(f"{key} is {value!r}", "expected a text")
    return value
