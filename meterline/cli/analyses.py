"""`meterline analyze`: recompute what changed, publish one version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import config_option, interval, interval_options, json_option, load_config
from meterline.cli.progress import progress_bar

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@config_option
@json_option
@interval_options
def analyze(config: Path, json: bool, start: datetime | None, end: datetime | None) -> int:
    """Recompute what changed, publish the results."""
    from analytics.runner import analyze as run_analytics
    from meterline.collecting import utc_now
    from meterline.inventory import store_inventory
    from meterline.output import as_json
    from warehouse.database import Warehouse

    loaded = load_config(config)
    now = utc_now()
    span = interval(start, end, now)
    with Warehouse.open(loaded.data, "meterline analyze") as warehouse:
        store_inventory(warehouse, loaded)
        with progress_bar() as progress:
            analysis = run_analytics(warehouse, now, span, progress)
    if json:
        click.echo(as_json({"version": analysis.version, "computed": analysis.computed, "failed": analysis.failed}))
    else:
        click.echo(f"{analysis.version}: {len(analysis.computed)} tables computed and published")
    for name, reason in analysis.failed.items():
        click.echo(f"error: analytic {name}: {reason}", err=True)
    if analysis.failed:
        click.echo("  fix: their last results stay published; if nothing above says why, please report it", err=True)
    return 1 if analysis.failed else 0
