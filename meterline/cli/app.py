"""The command group: which commands there are. Only commands that work are listed."""

from __future__ import annotations

import click

from meterline.cli.alerts import alerts
from meterline.cli.analyses import analyze
from meterline.cli.billing import reconcile
from meterline.cli.budgets import budgets
from meterline.cli.closing import close
from meterline.cli.costs import showback
from meterline.cli.exports import export
from meterline.cli.indicators import drift, kpis
from meterline.cli.services import demo, run
from meterline.cli.setup import check, init
from meterline.cli.slo import slo
from meterline.cli.sources import collect
from meterline.cli.unit_costs import unit_cost

EPILOG = """Exit codes: 0 done; 1 done, and the answer is bad news; 2 usage or configuration wrong; 3 a source failed,
the rest is done; 4 busy, another process owns the data directory."""


def show_version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    """Print the installed version and end; a source tree that is not installed has none."""
    if not asked or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"meterline {version('meterline')}")
    except PackageNotFoundError:
        click.echo("meterline, not installed: run from its sources")
    context.exit()


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=show_version, help="Its version.")
def app() -> None:
    """Observability and FinOps analytics for AI platforms, exact to the cent."""


COMMANDS = (
    init, check, collect, analyze, kpis, showback, close, reconcile, unit_cost, budgets, slo, alerts, drift,
    export, run, demo,
)  # fmt: skip

for command in COMMANDS:
    app.add_command(command)
