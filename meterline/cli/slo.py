"""`meterline slo`: how every service level objective stands, with an exit code for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from meterline.cli.options import config_option, json_option, load_config

COLUMNS = (
    "slo", "objective", "target", "attainment", "method", "window", "budget_left", "left", "burn_rates", "lasts",
    "state", "notes",
)  # fmt: skip


class LazyTemplate(click.Group):
    """The subcommand `template` is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["template"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "template":
            return None
        from meterline.cli.slo_templates import template

        return template


@click.group(cls=LazyTemplate, invoke_without_command=True)
@config_option
@json_option
@click.option("--service", metavar="NAME", help="Only the objectives of this service.")
@click.pass_context
def slo(context: click.Context, config: Path, json: bool, service: str | None) -> int:
    """Attainment, error budget and burn rates of every objective.

    Exits with 1 when an objective is breached: more than its error budget is used up.
    """
    if context.invoked_subcommand is not None:
        return 0
    from meterline import slos as published_slos
    from meterline.output import as_json, print_table
    from warehouse.published import Published

    loaded = load_config(config)
    found = published_slos.slos(Published.current(loaded.data), service)
    if json:
        click.echo(as_json(found.rows))
    else:
        print_table([_shown(row) for row in found.rows], COLUMNS, "Service level objectives")
    for name in found.breached:
        click.echo(f"breached: {name}", err=True)
    for name in found.unmeasured:
        click.echo(f"no data: {name}", err=True)
    if not found.rows:
        of = f" of {service}" if service else ""
        click.echo(f"there is no SLO{of}: name OpenSLO files under `slos:`, see `meterline slo template`", err=True)
    return 1 if found.breached else 0


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for people: percentages, durations, and what to know about the figures."""
    return {
        **{name: row[name] for name in ("slo", "objective", "window", "state")},
        "target": _percent(row["target"]),
        "attainment": _percent(row["attainment"]),
        "method": _method(row),
        "budget_left": _percent(row["budget_left_ratio"], digits=1),
        "left": None if row["left_minutes"] is None else _duration(row["left_minutes"]),
        "burn_rates": " ".join(
            f"{window}={'-' if rate is None else f'{rate:.3g}'}" for window, rate in row["burn_rates"].items()
        ) or None,
        "lasts": None if row["exhaustion_days"] is None else _duration(row["exhaustion_days"] * 1440),
        "notes": ", ".join(_notes(row)) or None,
    }  # fmt: skip


def _method(row: Mapping[str, Any]) -> str:
    if row["slice_s"] is None:
        return str(row["method"])
    target = "" if row["slice_target"] is None else f" {_percent(row['slice_target'])}"
    return f"{row['method']} {row['slice_s'] // 60}m{target}"


def _notes(row: Mapping[str, Any]) -> list[str]:
    notes = [f"fires: {row['firing']}"] if row["firing"] else []
    if row["state"] not in ("no_data", "no_traffic"):
        notes += ["window not full"] if not row["window_full"] else []
        notes += ["low traffic"] if row["low_traffic"] else []
    return notes


def _percent(ratio: float | None, digits: int = 4) -> str | None:
    """Rounded towards the worse, so that what is below its target never looks like it."""
    if ratio is None:
        return None
    from math import floor

    scaled = floor(round(ratio * 100 * 10**digits, 6)) / 10**digits
    return f"{scaled:.{digits}f}".rstrip("0").rstrip(".") + " %"


def _duration(minutes: float) -> str:
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    for unit, size in (("d", 1440.0), ("h", 60.0), ("m", 1.0)):
        if minutes >= 2 * size or size == 1.0:
            return f"{sign}{minutes / size:.1f}{unit}"
    raise AssertionError(minutes)
