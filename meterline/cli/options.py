"""Options that several commands share, and the words they take: times, months, the configuration file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from meterline.month import parse_month
from warehouse.errors import ConfigurationError
from warehouse.interval import Interval, parse_utc

if TYPE_CHECKING:
    from meterline.config.model import Config

Command = TypeVar("Command", bound=Callable[..., Any])


class Moment(click.ParamType[datetime]):
    """An ISO 8601 date or time; UTC unless it says otherwise."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_utc(value)
        except ValueError as error:
            self.fail(f"{error}, expected for example 2026-10-05 or 2026-10-05T10:00:00Z", param, ctx)


class Month(click.ParamType[date]):
    """A calendar month as YYYY-MM; its value is the month's first day."""

    name = "yyyy-mm"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return parse_month(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def config_option(command: Command) -> Command:
    """`--config FILE`, handed to the command as `config: Path`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        default="meterline.yaml",
        envvar="METERLINE_CONFIG",
        show_default=True,
        metavar="FILE",
        help="Configuration file; METERLINE_CONFIG names another default.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, handed to the command as `json: bool`."""
    return click.option("--json", is_flag=True, help="Print JSON: money as strings, times as ISO 8601 UTC.")(command)


def interval_options(command: Command) -> Command:
    """`--from T` and `--to T`, handed to the command as `start` and `end`."""
    command = click.option("--to", "end", type=Moment(), metavar="TIME", help="End, excluded; now if absent.")(command)
    return click.option("--from", "start", type=Moment(), metavar="TIME", help="Start, included.")(command)


def interval(start: datetime | None, end: datetime | None, now: datetime) -> Interval | None:
    """The interval that `--from` and `--to` mean; None when neither is given. Raises ConfigurationError."""
    if start is None and end is None:
        return None
    if start is None:
        raise ConfigurationError("--to is given without --from", "give both, or only --from")
    end = end or now
    if end <= start:
        raise ConfigurationError(
            f"--from {start:%Y-%m-%dT%H:%M:%SZ} is not before --to {end:%Y-%m-%dT%H:%M:%SZ}",
            "intervals are half-open: the start is included, the end is not",
        )
    return Interval(start, end)


def load_config(path: Path) -> Config:
    """The validated configuration; imported late, as validation is what makes other commands slow to start."""
    from meterline.config.load import load

    return load(path)
