"""`meterline showback` and `meterline unit-cost`: who spent what, and what one inference costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Month, config_option, json_option, load_config
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date

    from meterline.results import Bill

FORMATS = ("table", "csv", "json")


@click.command()
@config_option
@json_option
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="Calendar month, UTC.")
@click.option("--by", default="team", show_default=True, metavar="COLUMN,...", help="What to group by.")
@click.option("--format", "form", default="table", show_default=True, metavar="|".join(FORMATS))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there instead.")
def showback(config: Path, json: bool, month: date, by: str, form: str, out: Path | None) -> int:
    """The bill of a month, to the cent."""
    from meterline import results
    from warehouse.published import Published

    if form not in FORMATS:
        raise ConfigurationError(f"format {form!r} is not available", f"available formats: {', '.join(FORMATS)}")
    columns = [column.strip() for column in by.split(",") if column.strip()]
    bill = results.bill(Published.current(load_config(config).data), month, columns)
    for note in bill.incomplete:
        click.echo(f"note: {note}", err=True)
    form = "json" if json else form
    if out is not None:
        text = _text(bill, "csv" if form == "table" else form)
        try:
            out.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise ConfigurationError(
                f"cannot write {out} ({error.strerror})", "name another file with --out"
            ) from error
    elif form == "table":
        _print(bill)
    else:
        click.echo(_text(bill, form), nl=False)
    return 0


def _text(bill: Bill, form: str) -> str:
    from meterline.output import as_csv, as_json

    if form == "json":
        return as_json(bill.as_dict()) + "\n"
    return as_csv(bill.rows, (*bill.by, "gpu_hours", "cost"))


def _print(bill: Bill) -> None:
    from meterline.output import print_table

    total = {**dict.fromkeys(bill.by, ""), bill.by[0]: "total", "cost": bill.total}
    total["gpu_hours"] = sum(row["gpu_hours"] for row in bill.rows) if bill.rows else None
    print_table(
        [*bill.rows, total], (*bill.by, "gpu_hours", "cost"), f"Showback {bill.month:%Y-%m}, UTC, in {bill.currency}"
    )


@click.command("unit-cost")
@config_option
@json_option
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="Calendar month, UTC.")
def unit_cost(config: Path, json: bool, month: date) -> int:
    """What inferences and tokens of each service cost.

    Cost, requests and tokens, per thousand inferences and per million tokens, with coverage.
    """
    from meterline import results
    from meterline.output import as_json, print_table
    from warehouse.published import Published

    rows = results.unit_costs(Published.current(load_config(config).data), month)
    if json:
        click.echo(as_json(rows))
        return 0
    columns = ("service", "team", "cost", "requests", "tokens_in", "tokens_out", "per_1k_inferences", "per_1m_tokens")
    print_table(rows, (*columns, "coverage"), f"Unit cost {month:%Y-%m}, UTC")
    if not rows:
        click.echo(f"no service had cost or requests in {month:%Y-%m}", err=True)
    return 0
