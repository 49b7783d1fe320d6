"""The envelope around every answer of the Prometheus API: is it an answer at all, is it whole, what does it refuse.

An answer that the server itself calls incomplete (`warnings`, or `isPartial` in VictoriaMetrics) is an error here, not
data with a footnote: whoever replaces a window of facts by it would delete good rows. `infos` are remarks about the
query and pass.
"""

from __future__ import annotations

from typing import Any

import orjson

from warehouse.errors import BadAnswer, PartialAnswer, Rejected

EXCERPT = 200


def open_envelope(body: bytes) -> dict[str, Any]:
    """The `data` of a complete, successful answer.

    Raises BadAnswer (HTML, broken or cut JSON, another API; retryable when it was cut), Rejected (status=error, with
    the server's own message) and PartialAnswer.
    """
    try:
        answer = orjson.loads(body)
    except ValueError:
        raise not_an_answer(body) from None
    if not isinstance(answer, dict) or answer.get("status") not in ("success", "error"):
        raise BadAnswer(
            f"the server sent JSON that is not Prometheus' ({excerpt(body)})", "check that the url is that of the API"
        )
    if answer["status"] == "error":
        raise Rejected(refusal(body) or "the server refused the request without saying why")
    warnings = answer.get("warnings")
    if warnings or answer.get("isPartial"):
        reasons = "; ".join(map(str, warnings)) if warnings else "isPartial"
        raise PartialAnswer(
            f"the server's answer is incomplete ({reasons})",
            "repair the store or replica that it names; the window is collected again on the next pass",
            retryable=True,
        )
    data = answer.get("data")
    if not isinstance(data, dict):
        raise BadAnswer(f"the server's answer has no data ({excerpt(body)})", "check that the url is that of the API")
    return data


def not_an_answer(body: bytes) -> BadAnswer:
    """The error for a body that is not JSON."""
    start = body[:1024].lstrip()
    if start.startswith(b"{"):
        return BadAnswer("the server's answer ends in the middle", "try again", retryable=True)
    if start.startswith(b"<"):
        return BadAnswer(
            f"the server answered with a web page where JSON was expected ({excerpt(body)})",
            "check the url, and that no login page stands in front of it",
        )
    return BadAnswer(f"the server's answer is not JSON ({excerpt(body)})", "check that the url is that of the API")


def refusal(body: bytes) -> str | None:
    """Prometheus' own words in an error answer, `errorType: error`, or None when the body is something else."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not answer.get("error"):
        return None
    kind = answer.get("errorType")
    return f"{kind}: {answer['error']}" if kind else str(answer["error"])


def excerpt(body: bytes) -> str:
    """The beginning of a body on one line, for a message."""
    text = " ".join(body[: 4 * EXCERPT].decode(errors="replace").split())
    return repr(text[:EXCERPT]) if text else "an empty body"
