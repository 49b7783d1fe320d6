"""`meterline close`: take a month's report as it is; what changes later becomes corrections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Month, config_option, json_option, load_config
from meterline.cli.progress import progress_bar

if TYPE_CHECKING:
    from datetime import date

    from meterline.closing import Closing
    from meterline.config.model import Config
    from warehouse.database import Warehouse


@click.command()
@config_option
@json_option
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="Month of the report's time zone.")
@click.option("--incomplete", is_flag=True, help="Close it although something is missing; it is noted.")
def close(config: Path, json: bool, month: date, incomplete: bool) -> int:
    """Close a month: its bill never changes again.

    Data and prices that change later become corrections in the report of the first open month.
    """
    from analytics.runner import analyze
    from meterline.closing import FROZEN, refuse, require_costs
    from meterline.closing import close as close_month
    from meterline.collecting import utc_now
    from meterline.inventory import store_inventory

    loaded = load_config(config)
    with _open(loaded) as warehouse:
        store_inventory(warehouse, loaded)
        with warehouse.transaction() as tx:
            refuse(tx, month, utc_now())
        with progress_bar() as progress:
            before = analyze(warehouse, utc_now(), progress=progress)
            require_costs(before)
            closing = close_month(warehouse, month, utc_now(), before.version, incomplete=incomplete)
            after = analyze(warehouse, utc_now(), progress=progress)
    _report(closing, loaded.report.currency, after.version, json)
    broken = [name for name in (*FROZEN, "closing") if name in after.failed]
    for name in broken:
        click.echo(f"error: analytic {name}: {after.failed[name]}", err=True)
    return 1 if broken else 0


def _open(config: Config) -> Warehouse:
    from warehouse.database import Warehouse
    from warehouse.errors import WarehouseBusy

    try:
        return Warehouse.open(config.data, "meterline close")
    except WarehouseBusy as busy:
        raise WarehouseBusy(
            busy.message, "if that is the service, let it close months itself (`report.close_after`), or stop it first"
        ) from busy


def _report(closing: Closing, currency: str, published: str, json: bool) -> None:
    from meterline.output import as_json

    closed = closing.closed
    if json:
        click.echo(
            as_json(
                {
                    "month": f"{closed.month:%Y-%m}", "closed_at": closed.closed_at, "total": closed.total,
                    "currency": currency, "lines": closed.lines, "corrections": closing.corrections,
                    "corrections_cost": closing.corrections_cost, "missing": closing.missing, "sha256": closed.sha256,
                    "taken_from": closed.version, "version": published,
                }
            )
        )  # fmt: skip
        return
    click.echo(f"{closed.month:%Y-%m} is closed at {closed.total} {currency}")
    click.echo(f"{closed.lines} lines of {closed.version} are frozen, sha256 {closed.sha256}")
    if closing.corrections:
        click.echo(
            f"{closing.corrections} of them are corrections of earlier months, {closing.corrections_cost} {currency}"
        )
    for text in closing.missing:
        click.echo(f"note: accepted as missing: {text}", err=True)
    click.echo(f"published as {published}")
