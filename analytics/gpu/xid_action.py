"""The errors of the NVIDIA driver and what each asks for; the table itself is data (xid.yaml).

---
kind: result
title: GPU errors by code
question: Which XIDs need a drain or a reset, and which of them should wake somebody?
formula: xid.yaml, made from NVIDIA's catalog of XIDs and its GPU debug guidelines
source: docs.nvidia.com/deploy/xid-errors and docs.nvidia.com/deploy/gpu-debug-guidelines
missing: a code without a row is taken as the application's fault
reads: []
---
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

SCHEMA = pl.Schema({"code": pl.Int32(), "meaning": pl.String(), "action": pl.String(), "page": pl.Boolean()})


class Xid(BaseModel):
    """One code; see the comments in xid.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    meaning: str
    action: Literal["drain", "reset", "restart", "watch"]
    page: bool


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a code."""
    text = (files("analytics.gpu") / "xid.yaml").read_text()
    known = TypeAdapter(dict[int, Xid]).validate_python(yaml.safe_load(text))
    rows = [(code, one.meaning, one.action, one.page) for code, one in sorted(known.items())]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
