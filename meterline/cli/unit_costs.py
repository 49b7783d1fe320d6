"""`meterline unit-cost`: what an inference, a token and a training run cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Month, config_option, json_option, load_config

if TYPE_CHECKING:
    from datetime import date

BY = ("service", "model", "team", "tenant", "platform", "run", "pipeline")
FIGURES = ("cost", "requests", "failed_cost", "tokens_in", "tokens_out", "per_1k_inferences", "per_1m_tokens")
COLUMNS = {
    "service": ("service", "team", *FIGURES, "coverage"),
    "run": ("pipeline", "run_id", "state", "team", "gpu_hours", "cost"),
    "pipeline": ("pipeline", "runs", "successful", "runs_without_cost", "cost", "per_run", "per_successful_run"),
}
NOTHING = {
    "tenant": "no serving metrics with a tenant label were counted in {month:%Y-%m}",
    "run": "no training run ended in {month:%Y-%m}",
    "pipeline": "no training run ended in {month:%Y-%m}",
}


@click.command("unit-cost")
@config_option
@json_option
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="Month of the report's time zone.")
@click.option("--by", type=click.Choice(BY), default="service", show_default=True, help="What to show a row for.")
def unit_cost(config: Path, json: bool, month: date, by: str) -> int:
    """What inferences, tokens and training runs cost.

    Cost, requests and tokens, per thousand inferences and per million tokens (input + output), the cost of failed
    requests, and coverage: the share of the cost on days with a request count. With --json also the prices of input,
    output and cached tokens.
    """
    from meterline.output import as_json, print_table
    from meterline.unit_costs import unit_costs
    from warehouse.published import Published

    rows = unit_costs(Published.current(load_config(config).data), month, by)
    if json:
        click.echo(as_json(rows))
        return 0
    print_table(rows, COLUMNS.get(by, ("scope", *FIGURES, "coverage")), f"Unit cost by {by}, {month:%Y-%m}")
    if not rows:
        click.echo(NOTHING.get(by, "no service had cost or requests in {month:%Y-%m}").format(month=month), err=True)
    return 0
