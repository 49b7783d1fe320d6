"""`meterline reconcile`: does the provider's bill agree with what was metered?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Month, config_option, json_option, load_config

if TYPE_CHECKING:
    from datetime import date

    from meterline.reconciliation import Reconciliation

SHOWN = ("sku", "metered_cost", "billed_cost", "effective_cost", "difference", "share", "status")


@click.command()
@config_option
@json_option
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="Calendar month, UTC.")
def reconcile(config: Path, json: bool, month: date) -> int:
    """The bill of a month beside what was metered.

    By SKU: metered, billed and effective cost, and their difference. Exit code 1 when they lie further apart than
    the threshold.
    """
    from meterline.output import as_json
    from meterline.reconciliation import reconciliation
    from warehouse.published import Published

    found = reconciliation(Published.current(load_config(config).data), month)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if json:
        click.echo(as_json(found.as_dict()))
    else:
        _print(found)
    if found.exceeded:
        click.echo(f"the difference is more than {found.threshold:.0%} of the bill", err=True)
    return 1 if found.exceeded else 0


def _print(found: Reconciliation) -> None:
    from meterline.output import print_table

    rows = [{**row, "sku": _name(row), "share": _percent(row["share"])} for row in found.rows]
    total = {**dict.fromkeys(SHOWN), **found.total, "sku": "total", "share": None, "status": ""}
    if found.rows:
        title = f"Reconciliation {found.month:%Y-%m}, UTC, in {found.currency}"
        print_table([*rows, total], SHOWN, title)
    if found.compared is not None:
        one = found.compared
        click.echo(
            f"compared {one['compared_from']} to {one['compared_until']}: metered {one['metered_cost']:.2f}, "
            f"effective {one['effective_cost']:.2f}, difference {one['difference']:.2f} ({_percent(one['share'])})"
        )


def _name(row: dict[str, object]) -> str:
    """What the row is about, for people: the SKUs with what they stand for, or the service."""
    meaning = row["gpu_model"] or row["kind"]
    sku = row["sku"] or "no charge"
    if meaning:
        return f"{meaning}: {sku}"
    service = str(row["service_name"] or sku)
    return service if service.endswith(str(sku)) else f"{service}: {sku}"


def _percent(share: object) -> str | None:
    """A ratio as people read it, or nothing where there is none."""
    return f"{share * 100:.1f} %" if isinstance(share, int | float) else None
