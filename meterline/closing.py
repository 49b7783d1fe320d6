"""Closing a month: from then on its report is what it was, and what changes later is corrected in a later report.

`close` decides whether a month may be closed and freezes its lines, all in one transaction. It freezes what the last
analysis computed (the tables `FROZEN` of the schema `analytic`), so callers analyse first, and again afterwards to
publish. Months are closed in order. There is no reopening.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from analytics.runner import Analysis
from meterline.completeness import missing, outrun
from warehouse.closing import CORRECTION, Closed, altered, closed_months, freeze, frozen_sums
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, MeterlineError, WarehouseError
from warehouse.interval import Interval, isoformat, naive
from warehouse.money import round_half_even
from warehouse.writing import Transaction

FROZEN = ("cost_line", "cost_transfer")
"""Results whose lines are frozen: a month's report is their lines of that billing_month."""

LAST_MONTH = date(9999, 12, 1)
"""Of the calendar: it has no next one."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What `close` did: the closed month, what of it corrects earlier months, and what was known to be missing."""

    closed: Closed
    corrections: int
    corrections_cost: Decimal
    missing: tuple[str, ...]


def following(month: date) -> date:
    """The first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def end_of(month: date, zone: str) -> datetime:
    """The moment (aware UTC) at which `month` ends in the time zone `zone`."""
    if month >= LAST_MONTH:
        return datetime.max.replace(tzinfo=UTC)
    after = following(month)
    return datetime(after.year, after.month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span_of(month: date, zone: str) -> Interval:
    """The whole of `month` in the time zone `zone`."""
    before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return Interval(end_of(before, zone), end_of(month, zone))


def job_of(month: date) -> str:
    """The name under which the closing of a month stands in job_run; analytics/cost/closing.sql spells it too."""
    return f"close:{month:%Y-%m}"


def close(warehouse: Warehouse, month: date, now: datetime, version: str, *, incomplete: bool = False) -> Closing:
    """Freeze the lines that the report of `month` bears, as the analysis that published `version` computed them.

    Raises ConfigurationError, and changes nothing, when the month has not ended, is closed, has no lines, comes after
    one that is open, or misses something (see `completeness`) that `incomplete` does not accept; WarehouseError when
    lines of a closed month have been altered; MeterlineError when facts changed since the analysis.
    """
    with warehouse.transaction() as tx:
        refuse(tx, month, now)
        _refuse_order(tx, month)
        span = span_of(month, zone_of(tx))
        if outrun(tx, span):
            raise MeterlineError(f"facts of {month:%Y-%m} changed since results were computed", "try again")
        gaps = missing(tx, month, span)
        if gaps and not incomplete:
            raise ConfigurationError(
                f"{month:%Y-%m} is incomplete: {'; '.join(gaps)}",
                f"add what is missing, or accept it with `meterline close --month {month:%Y-%m} --incomplete`; what is "
                "mended after the closing becomes corrections in the next report",
            )
        changed = altered(tx)
        if changed:
            names = ", ".join(f"{one:%Y-%m}" for one in changed)
            raise WarehouseError(
                f"the lines of {names} are not those that were closed: the database was changed by hand",
                "restore the data directory from a backup, closed lines must not be edited",
            )
        lines = " UNION ALL BY NAME ".join(f"SELECT * FROM analytic.{table}" for table in FROZEN)
        closed = freeze(tx, month, lines, version, now)
        corrections = frozen_sums(tx, month).get(CORRECTION)
        count = tx.query(
            "SELECT count(*) FROM closed_line WHERE billing_month = $month AND charge_class = $class",
            {"month": month, "class": CORRECTION},
        ).item()
        _record(tx, month, now, gaps)
    return Closing(closed, int(count), round_half_even(corrections.cost if corrections else Fraction(0)), gaps)


def refuse(tx: Transaction, month: date, now: datetime) -> None:
    """Raises ConfigurationError when `month` is closed or has not ended: known before anything is computed."""
    months = {one.month: one for one in closed_months(tx)}
    if month in months:
        raise ConfigurationError(
            f"{month:%Y-%m} is closed since {isoformat(months[month].closed_at)}, at {months[month].total}",
            f"nothing was changed; what differs since then is in the report of {following(max(months)):%Y-%m} as "
            "corrections, a closed month is never opened again",
        )
    zone = zone_of(tx)
    if now < end_of(month, zone):
        raise ConfigurationError(
            f"{month:%Y-%m} has not ended: it ends at {isoformat(end_of(month, zone))} ({zone})", "close it after that"
        )


def require_costs(analysis: Analysis) -> None:
    """Raises MeterlineError when an analysis did not compute what a closing freezes."""
    for table in FROZEN:
        if table not in analysis.computed:
            raise MeterlineError(
                f"the month is not closed, as {table} could not be computed: {analysis.failed.get(table, 'not asked')}",
                "run `meterline analyze`, it names what failed first",
            )


def month_due(warehouse: Warehouse, now: datetime, after: timedelta) -> date | None:
    """The oldest month that is open although it has lines, if it ended at least `after` ago.

    None while its facts are newer than the last analysis: the next one reads them.
    """
    with warehouse.transaction() as tx:
        month = min(_open_months(tx), default=None)
        if month is None:
            return None
        span = span_of(month, zone_of(tx))
        return month if span.end + after <= now and not outrun(tx, span) else None


def _refuse_order(tx: Transaction, month: date) -> None:
    months = _open_months(tx)
    earlier = [one for one in months if one < month]
    if earlier:
        raise ConfigurationError(
            f"{', '.join(f'{one:%Y-%m}' for one in earlier)} came before {month:%Y-%m} and is still open",
            f"close it first: `meterline close --month {earlier[0]:%Y-%m}`",
        )
    if month not in months:
        raise ConfigurationError(
            f"no cost is known in {month:%Y-%m}",
            "there is nothing to close; run `meterline collect` if there should be",
        )


def _open_months(tx: Transaction) -> list[date]:
    """Months that have lines and are not closed, as of the last analysis."""
    lines = " UNION ".join(f"SELECT billing_month FROM analytic.{table}" for table in FROZEN)
    found = tx.query(
        f"SELECT billing_month FROM ({lines}) WHERE billing_month NOT IN (SELECT month FROM closed_month) ORDER BY 1"
    )
    return found.to_series().to_list()


def zone_of(tx: Transaction) -> str:
    """The report's time zone, as the configuration was last stored."""
    return str(tx.query("SELECT coalesce(max(timezone), 'UTC') FROM report_setting").item())


def _record(tx: Transaction, month: date, now: datetime, gaps: tuple[str, ...]) -> None:
    row = {"job": job_of(month), "now": naive(now), "note": f"closed although {'; '.join(gaps)}" if gaps else None}
    tx.execute("DELETE FROM job_run WHERE job = $job", {"job": row["job"]})
    tx.execute(
        "INSERT INTO job_run (job, kind, started_at, finished_at, succeeded_at, failures, message) "
        "VALUES ($job, 'closing', $now, $now, $now, 0, $note)",
        row,
    )
