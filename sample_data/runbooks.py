"""The platform's runbooks, as web pages: what somebody who is woken finds under the address in the page.

Two are not as they should be, on purpose (README.md): one objective names no runbook, the runbook of another moved away
and its address answers 404.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TEXTS = {
    "chat-availability": "See which code the gateway answers with. 503 UF: look at the proxies' certificates first.",
    "code-assist-availability": "Was there a rollout in the last hour? Undo it, then look.",
    "fraud-score-availability": "Compare revisions by their status codes; give traffic back to the last good one.",
    "summarize-availability": "Look at the GPUs of its pod (XID). One that needs a drain: move the pod, then reset it.",
    "translate-queue": "A queue that empties by itself needs nobody. One that grows for half an hour needs a replica.",
    "gpu": "Cordon the node and move its pods. Reset the GPU, or restart the driver for an NVLink error. "
           "Twice in a week: open a case with the vendor.",
}  # fmt: skip
"""Runbooks by name: that of an objective, or of everything about GPUs."""

NONE = frozenset({"code-assist-latency"})
"""Objectives that name no runbook; the address of any other that is not in TEXTS answers 404."""


async def show(request: Request) -> Response:
    """The runbook of the name in the path."""
    name = request.path_params["name"]
    text = TEXTS.get(name)
    return PlainTextResponse(f"# {name}\n\n{text}\n") if text else PlainTextResponse("no such page\n", 404)


ROUTE = Route("/runbooks/{name}", show)
