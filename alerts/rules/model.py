"""What a rule says. It is data: a YAML file, checked here, run by `machine` and `replay`.

A rule has a signal (rows of ts, labels and a value), a comparison, and what keeps it from crying wolf: `for`,
`keep_firing_for`, `clear` (hysteresis), `flapping`. Reading files and overriding is in `load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.rules.duration import Duration, duration_text
from alerts.rules.query import check_query
from alerts.rules.wording import check_template

Severity = Literal["page", "ticket", "info"]
Op = Literal[">", ">=", "<", "<=", "==", "!="]

NAME = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
LAG = timedelta(minutes=15)
RESERVED = frozenset({"ts", "value", "threshold", "severity", "alertname", "owner", "runbook_url"})


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Signal(_Section):
    """Where a rule's readings come from: `sql` over published tables, or burn rates of the objectives."""

    sql: str | None = Field(
        default=None,
        description="SELECT ts, labels, value [, threshold, other columns] over published tables, for "
        "ts >= $since AND ts < $until.",
    )
    slo: Literal["burn"] | None = Field(default=None, description="`burn`: burn rates of every objective and window.")

    @field_validator("sql")
    @classmethod
    def _one_select(cls, sql: str | None) -> str | None:
        if sql is not None:
            check_query(sql)
        return sql

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.sql is None) == (self.slo is None):
            raise ValueError("expected either sql or slo")
        return self

    @property
    def kind(self) -> Literal["sql", "slo"]:
        return "sql" if self.sql is not None else "slo"


class Flapping(_Section):
    """So many changes within this time are flapping: the alert then fires until there was none for as long."""

    changes: int = Field(default=4, ge=2)
    within: Duration = timedelta(hours=1)


class Rule(_Section):
    """One rule. Durations are timedeltas; `wait` is written `for`."""

    name: str = Field(pattern=NAME, description="The alertname; a file of the user overrides ours by it.")
    title: str = Field(min_length=1, description="One line: what is wrong when it fires.")
    severity: Severity = Field(description="A column `severity` of the signal overrides it for its row.")
    owner: str | None = Field(default=None, min_length=1, description="Who acts; `{team}` takes a column.")
    runbook_url: str | None = Field(default=None, description="Begins with http(s)://; or a column, `{runbook_url}`.")
    reviewed_on: date | None = Field(
        default=None, description="When its runbook was last read by the people who use it."
    )
    why: str = Field(default="", description="Why it matters.")
    what_to_do: str = Field(default="", description="First look and first action, for the person who is woken.")
    signal: Signal
    op: Op = ">"
    threshold: float | None = Field(
        default=None, allow_inf_nan=False, description="Absent: the signal has a column threshold."
    )
    wait: Duration = Field(default=timedelta(0), alias="for", description="True for so long before it fires.")
    keep_firing_for: Duration = Field(default=timedelta(0), description="Fires on for so long after it was back.")
    clear: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Hysteresis: back at clear x threshold for >, at threshold / clear for <.",
    )
    flapping: Flapping | None = Field(default=Flapping(), description="null: never damped.")
    labels: tuple[str, ...] = Field(default=(), description="Columns that tell one series from another.")
    annotations: Mapping[str, str] = Field(default={}, description="Texts with {column}, {value}, {threshold}.")
    every: Duration = Field(default=timedelta(minutes=5), description="How often it is evaluated: the signal's grain.")
    snapshot: bool = Field(default=False, description="Rows of one ts are all there is: a series without one is fine.")
    absent_after: Duration | None = Field(
        default=None, description="A series without a row while the signal went on so far is over; absent: as late."
    )
    late: Duration | None = Field(
        default=None,
        description="How far a series may lag behind the others; absent: 15m or 2 x every, the longer one.",
    )
    enabled: bool = True
    tags: tuple[str, ...] = ()

    @field_validator("labels")
    @classmethod
    def _label_names(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for name in labels:
            if name in RESERVED - {"severity"}:
                raise ValueError(f"{name} cannot be a label: it has a meaning of its own")
        if len(set(labels)) < len(labels):
            raise ValueError("expected each label once")
        return labels

    @field_validator("annotations")
    @classmethod
    def _templates(cls, annotations: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in annotations.items():
            if name in ("value", "threshold", "runbook_url", "flapping"):
                raise ValueError(f"{name} is written by the rule itself")
            check_template(text)
        return annotations

    @field_validator("runbook_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://", "{")):
            raise ValueError("expected an address that begins with http:// or https://, or {runbook_url}")
        return url

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clear != 1 and self.op in ("==", "!="):
            raise ValueError(f"clear has no meaning for {self.op}: expected >, >=, < or <=")
        if not self.every:
            raise ValueError("every: expected more than 0s")
        if self.gone_after < self.lag:
            raise ValueError(f"absent_after: expected at least what a series may be late, {duration_text(self.lag)}")
        if self.snapshot and not self.labels:
            raise ValueError("a snapshot needs labels: without them nothing can be absent from it")
        if self.threshold is None and self.signal.kind == "sql" and "threshold" not in (self.signal.sql or ""):
            raise ValueError("expected a threshold, here or as a column of the signal")
        return self

    @property
    def lag(self) -> timedelta:
        """How far a series may lag behind the others and is still read as a whole."""
        return self.late if self.late is not None else max(LAG, 2 * self.every)

    @property
    def gone_after(self) -> timedelta:
        """How far the signal goes on without a series until that is over."""
        return self.absent_after if self.absent_after is not None else self.lag
