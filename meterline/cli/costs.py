"""`meterline showback`: who spent what in a month, as a table, for scripts, for finance and for mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import Month, config_option, json_option, load_config
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from meterline.bill import Asked, Bill, MonthlyLedger

FORMATS = ("table", "csv", "json", "focus", "html")


@click.command()
@config_option
@json_option
@click.option("--month", type=Month(), metavar="YYYY-MM", help="Calendar month in the report's time zone.")
@click.option("--by", default="team", show_default=True, metavar="DIMENSION,...", help="Groups; also label:NAME.")
@click.option("--where", multiple=True, metavar="DIMENSION=VALUE", help="Only this; again for more. Changes no shares.")
@click.option(
    "--idle",
    type=click.Choice(("shared", "separate")),
    default="shared",
    show_default=True,
    help="Idle and shared cost as the sharing policy says, or as rows of their own.",
)
@click.option(
    "--basis",
    type=click.Choice(("allocation", "usage")),
    default="allocation",
    show_default=True,
    help="Order rows by what was charged, or by what of it was used.",
)
@click.option("--to-date", is_flag=True, help="Without the day that has only begun.")
@click.option(
    "--charge-period",
    type=click.Choice(("day", "month")),
    default="day",
    show_default=True,
    help="Grain of --format focus; days are UTC days.",
)
@click.option("--format", "form", default="table", show_default=True, metavar="|".join(FORMATS))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there instead.")
@click.option(
    "--check",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check a FOCUS file instead; with --month also against that month's total.",
)
def showback(
    config: Path, json: bool, month: date | None, by: str, where: tuple[str, ...], idle: str, basis: str, to_date: bool,
    charge_period: str, form: str, out: Path | None, check: Path | None,
) -> int:  # fmt: skip
    """The bill of a month, to the cent.

    Rows add up to the total. Notes on stderr say what is not in it. FOCUS files are checked row by row before they are
    written; --check does the same with any file.
    """
    from meterline.bill import Asked

    if form not in FORMATS:
        raise ConfigurationError(f"format {form!r} is not available", f"available formats: {', '.join(FORMATS)}")
    asked = Asked.of(by, where, idle, to_date)
    if check is not None:
        return _check(check, None if month is None else _ledger(config, month).bill(asked).total, json)
    if month is None:
        raise click.UsageError("Missing option '--month'.")
    ledger = _ledger(config, month)
    bill = ledger.bill(asked)
    for note in bill.incomplete:
        click.echo(f"note: {note}", err=True)
    if basis == "usage":
        bill.rows.sort(key=lambda row: -row["usage_cost"])
    form = "json" if json else form
    if form == "table" and out is None:
        _print(bill)
        return 0
    text = _text(ledger, asked, bill, "csv" if form == "table" else form, charge_period == "month")
    if out is None:
        click.echo(text, nl=False)
        return 0
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigurationError(f"cannot write {out} ({error.strerror})", "name another file with --out") from error
    return 0


def _ledger(config: Path, month: date) -> MonthlyLedger:
    from meterline.bill import MonthlyLedger
    from warehouse.published import Published

    return MonthlyLedger(Published.current(load_config(config).data), month)


def _text(ledger: MonthlyLedger, asked: Asked, bill: Bill, form: str, by_month: bool) -> str:
    from meterline.bill import FIGURES
    from meterline.output import as_csv, as_json

    if form == "json":
        return as_json(bill.as_dict()) + "\n"
    if form == "focus":
        return ledger.focus(asked, by_month).text
    if form == "html":
        from meterline.report.showback import render

        return render(ledger, asked)
    return as_csv(bill.rows, (*bill.by, *FIGURES))


def _print(bill: Bill) -> None:
    """Cost, and of it used, held and not used, and (where there is any) not measured; the last row is the total."""
    from decimal import Decimal

    from meterline.output import print_table

    columns = ["gpu_hours", "cost", "usage_cost", "workload_idle_cost", "unmeasured_cost"]
    if not any(row["unmeasured_cost"] for row in bill.rows):
        columns.remove("unmeasured_cost")
    sums = {name: sum((row[name] for row in bill.rows), Decimal(0)) if bill.rows else None for name in columns}
    total = {**dict.fromkeys(bill.by, ""), bill.by[0]: "total", **sums}
    print_table(
        [*bill.rows, total], (*bill.by, *columns),
        f"Showback {bill.month:%Y-%m} ({bill.status}), {bill.timezone}, in {bill.currency}",
    )  # fmt: skip


def _check(path: Path, total: Decimal | None, json: bool) -> int:
    """Every row of a FOCUS file that breaks a rule, one line each; 1 when there is one."""
    from analytics.focus.checks import NAMES, TOTAL_CHECK, check
    from meterline.output import as_json

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path} ({error.strerror})", "name a FOCUS file in CSV") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no UTF-8 text", "name a FOCUS file in CSV") from error
    problems = check(text, total)
    made = [name for name in NAMES if total is not None or name != TOTAL_CHECK]
    if json:
        told = [{"check": one.check, "row": one.row, "text": one.text} for one in problems]
        click.echo(as_json({"file": str(path), "checks": made, "problems": told}))
        return 1 if problems else 0
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    if not problems:
        click.echo(f"{path} passes all {len(made)} checks")
    return 1 if problems else 0
