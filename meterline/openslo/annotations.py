"""What we add to OpenSLO, as annotations `meterline.dev/...` of an SLO (two of them also of a Service)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meterline.openslo.rules import broken

PREFIX = "meterline.dev/"


def _address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or len(value.split()) != 1:
        raise broken("annotation", "expected an address that begins with https:// or http://")
    return value


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


class Annotations(BaseModel):
    """`burn_alerts`: a file of windows by name or path, or `off`; absent: the usual rules unless there are policies.

    `min_bad_events` is for every burn alert of the SLO. `empty_slices` says what a slice without events counts as.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_hyphens)

    burn_alerts: str | None = Field(default=None, min_length=1)
    runbook_url: Annotated[str, AfterValidator(_address)] | None = None
    owner: str | None = Field(default=None, min_length=1)
    min_bad_events: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    empty_slices: Literal["excluded", "good", "bad"] = "excluded"


def ours(annotations: Mapping[str, str]) -> dict[str, Any]:
    """Those of the annotations that are ours, without the prefix."""
    return {key.removeprefix(PREFIX): value for key, value in annotations.items() if key.startswith(PREFIX)}


def nearest(name: str) -> str:
    """The annotation that `name` may be meant to be, or all of them."""
    known = [field.alias or name for name, field in Annotations.model_fields.items()]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {PREFIX}{near[0]}?" if near else "expected one of " + ", ".join(PREFIX + one for one in known)
