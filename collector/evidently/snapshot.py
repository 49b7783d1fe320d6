"""One snapshot of Evidently 0.6 and later: JSON in, drift scores out. No file, no clock, no Evidently.

Only what is read is kept (`prune`): half of a snapshot is charts. Everything in its metadata is text, whatever the
report was given. Evidently does not write how many rows it compared, nor of which model: that comes from the report's
`metadata`, by the keys below. Snapshots of Evidently 0.4 and 0.5 have another form and are refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collector.evidently.methods import method

DRIFT = "evidently:metric_v2:ValueDrift"
FAILED, PASSED = (
    frozenset({"FAIL", "WARNING"}),
    frozenset({"SUCCESS"}),
)  # WARNING: a test that failed, but is not critical

MODEL = ("model", "model_id", "model_name")
VERSION = ("model_version", "version")
ROWS_REFERENCE = ("n_reference", "n_ref")
ROWS_CURRENT = ("n_current", "n_cur")
ROLES = ("feature", "prediction", "target", "quality", "text")

Body = dict[str, Any]


class NotASnapshot(ValueError):
    """The text is not a snapshot, or not yet; the message says what is wrong with it."""


def prune(text: bytes) -> Body:
    """The parts of a snapshot that are read, in its own layout. Raises NotASnapshot."""
    try:
        document = json.loads(text, parse_constant=lambda constant: None)  # NaN and Infinity, which JSON has not
    except ValueError:
        raise NotASnapshot("it is empty" if not text.strip() else "it is not complete JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("metric_results"), dict):
        old = isinstance(document, dict) and "suite" in document
        raise NotASnapshot("it was made by Evidently 0.5 or earlier" if old else "it is not an Evidently snapshot")
    try:
        return {
            "timestamp": str(document["timestamp"]),
            "name": document.get("name"),
            "metadata": dict(document.get("metadata") or {}),
            "tags": list(document.get("tags") or []),
            "metric_results": {
                fingerprint: {
                    "metric_value_location": {
                        "metric": {"params": result["metric_value_location"]["metric"]["params"]}
                    },
                    "value": result.get("value"),
                    "tests": [{"id": test["id"], "status": test["status"]} for test in result.get("tests") or []],
                }
                for fingerprint, result in document["metric_results"].items()
                if _params(result).get("type") == DRIFT
            },
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotASnapshot(f"its layout is not known ({type(error).__name__}: {error})") from error


def scores(body: Body, project: str, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The columns of `drift_score` that a pruned snapshot tells, one row a drift metric. Raises NotASnapshot."""
    metadata = body["metadata"]
    common = {
        "monitor": project,
        "model": _text(metadata, MODEL) or project,
        "model_version": _text(metadata, VERSION),
        "n_reference": _count(metadata, ROWS_REFERENCE),
        "n_current": _count(metadata, ROWS_CURRENT),
        "ts": moment(body, zone).astimezone(UTC).replace(tzinfo=None),
    }
    return [{**common, **row} for row in _rows(body)]


def moment(body: Body, zone: ZoneInfo) -> datetime:
    """The snapshot's own time, aware; one without a zone is taken as of `zone`. Raises NotASnapshot."""
    try:
        at = datetime.fromisoformat(body["timestamp"])
    except ValueError:
        raise NotASnapshot(f"its timestamp is {body['timestamp']!r}") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _rows(body: Body) -> Iterator[dict[str, Any]]:
    for result in body["metric_results"].values():
        params = _params(result)
        how = method(str(params.get("method")))
        score, threshold = _number(result.get("value")), _number(params.get("threshold"))
        told = {test["status"] for test in result["tests"]}
        drifted = True if told & FAILED else False if told & PASSED else how.drifted(score, threshold)
        yield {
            "column_name": params.get("column"), "dataset_role": _role(body, str(params.get("column"))),
            "method": how.name, "score": score, "threshold": threshold, "direction": how.direction, "drifted": drifted,
        }  # fmt: skip


def _params(result: Any) -> dict[str, Any]:
    params = result["metric_value_location"]["metric"]["params"]
    if not isinstance(params, dict):
        raise TypeError("params is no object")
    return params


def _role(body: Body, column: str) -> str | None:
    """From metadata `roles: {column: role}`, else `dataset_role`, else a tag; None where nobody has said."""
    metadata = body["metadata"]
    roles = metadata.get("roles")
    named = roles.get(column) if isinstance(roles, dict) else None
    candidates = [named, metadata.get("dataset_role"), *body["tags"]]
    return next((one for one in candidates if isinstance(one, str) and one in ROLES), None)


def _text(metadata: Body, keys: tuple[str, ...]) -> str | None:
    return next(
        (str(metadata[key]) for key in keys if isinstance(metadata.get(key), str | int) and metadata[key]), None
    )


def _count(metadata: Body, keys: tuple[str, ...]) -> int | None:
    text = _text(metadata, keys)
    return int(text) if text and text.isascii() and text.isdigit() else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
