"""`meterline budgets`: how every budget stands, with an exit code for scripts."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.options import config_option, json_option, load_config

COLUMNS = ("scope", "period", "start", "budget", "spent", "share", "projected", "threshold", "state")


@click.command()
@config_option
@json_option
@click.option("--ended", is_flag=True, help="Periods that are over as well, the last 13 months.")
def budgets(config: Path, json: bool, ended: bool) -> int:
    """What was spent of each budget, and where it will end at this pace.

    Exits with 1 when a budget of a current month or quarter is exceeded.
    """
    from meterline import budgets as published_budgets
    from meterline.output import as_json, print_table
    from warehouse.published import Published

    found = published_budgets.budgets(Published.current(load_config(config).data), ended=ended)
    if json:
        click.echo(as_json(found.rows))
    else:
        print_table(found.rows, COLUMNS, f"Budgets, in {found.currency}")
    for name in found.exceeded:
        click.echo(f"exceeded: {name}", err=True)
    if not found.rows:
        click.echo("no team or service has a budget: give it one with `budget:` in the configuration", err=True)
    return 1 if found.exceeded else 0
