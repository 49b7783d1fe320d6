"""`meterline kpis` and `meterline drift`: how the platform is doing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Moment, config_option, json_option, load_config

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@config_option
@json_option
@click.option("--grain", type=click.Choice(["week", "month", "quarter"]), default="month", show_default=True)
@click.option("--at", type=Moment(), metavar="TIME", help="The period that contains this moment; the newest if absent.")
@click.option("--team", metavar="NAME", help="Only this team.")
@click.option("--scope", metavar="SCOPE", help="Only this scope: platform, team:NAME, service:NAME, pipeline:NAME.")
@click.option("--gate", is_flag=True, help="Exit with 1 when a KPI misses its target.")
def kpis(
    config: Path, json: bool, grain: str, at: datetime | None, team: str | None, scope: str | None, gate: bool
) -> int:
    """KPIs of one period, with target and verdict."""
    from meterline import results
    from meterline.output import as_json, print_table
    from warehouse.errors import ConfigurationError
    from warehouse.published import Published

    if team and scope:
        raise ConfigurationError("--team and --scope are both given", "--team NAME is short for --scope team:NAME")
    loaded = load_config(config)
    known = [one.name for one in loaded.teams]
    if team and team not in known:
        raise ConfigurationError(f"no team is named {team}", f"known teams: {', '.join(known) or 'none'}")
    rows = results.kpis(Published.current(loaded.data), grain, at, f"team:{team}" if team else scope)
    if json:
        click.echo(as_json(rows))
    elif rows:
        columns = ("kpi", "scope", "value", "unit", "n", "status", "target", "verdict", "provisional")
        print_table(rows, columns, f"{grain} {rows[0]['start']:%Y-%m-%d} to {rows[0]['end']:%Y-%m-%d}, UTC")
    if not rows:
        click.echo("no KPI rows for this period and scope", err=True)
    return 1 if gate and any(row["verdict"] == "fail" for row in rows) else 0


@click.command()
@config_option
@json_option
def drift(config: Path, json: bool) -> int:
    """Drift of every model and column; coverage."""
    from meterline import results
    from meterline.output import as_json, print_table
    from warehouse.published import Published

    found = results.drift(Published.current(load_config(config).data))
    if json:
        click.echo(as_json(found))
        return 0
    columns = ("model", "tier", "status", "last_result_at", "column", "method", "score", "threshold", "drifted")
    print_table(found["rows"], columns)
    coverage = found["coverage"]
    click.echo(f"{coverage['covered']} of {coverage['models']} models are covered by a monitor that reports", err=True)
    return 0
