"""When a month may be closed, and what must hold whatever changes afterwards.

The ledger's current lines are written by hand here, so that every sum is known; test_closing_platform.py does the same
from facts. Two invariants carry the rest: all reports together are the current truth exactly, and the report of a
closed month never changes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from analytics.catalog import catalog
from analytics.runner import Analysis
from analytics.store import State, Store
from meterline import closing
from meterline.closing import Closing, close, end_of, month_due, require_costs
from warehouse.charges import LINE
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, MeterlineError, WarehouseError

ROOT = Path(__file__).parents[2]
AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (8, 9, 10, 11))
NOW = datetime(2026, 11, 3, 8, tzinfo=UTC)
CURRENT = pl.Schema({**LINE, "gpu_hours": pl.Float64(), "cost": pl.Float64()})
HOUR = 3_600_000
DECIMALS = [name for name, kind in LINE.items() if isinstance(kind, pl.Decimal)]


def line(month: date, **columns: Any) -> dict[str, Any]:
    """An hour of one GPU at 2.00, half of it used, on the second of `month`, where `columns` do not say otherwise."""
    day = month + timedelta(days=1)
    values = {
        **dict.fromkeys(LINE), "month": month, "day": day, "report_day": day, "charge": "allocation", "team": "search",
        "pod": "chat-0", "kind": "gpu", "gpu_model": "H100", "quantity": HOUR, "used": HOUR // 2, "share_num": 1,
        "share_den": 1, "list_price": "2", "price": "2", "price_den": 1, **columns,
    }  # fmt: skip
    exact = {name: Decimal(values[name]) for name in DECIMALS if values[name] is not None}
    return {**values, **exact}


class Books:
    """The ledger of one warehouse over current lines and transfers that the test sets."""

    def __init__(self, warehouse: Warehouse, zone: str = "UTC") -> None:
        self.warehouse = warehouse
        self._store = Store(warehouse, {})
        self._ledger = [
            one for one in catalog() if one.name in ("cost_correction", "cost_line", "cost_transfer", "closing")
        ]
        with warehouse.transaction() as tx:
            tx.execute("INSERT INTO report_setting (currency, timezone) VALUES ('USD', $zone)", {"zone": zone})
        self.set([])

    def set(self, lines: list[dict[str, Any]], transfers: list[dict[str, Any]] | None = None) -> None:
        """What facts and configuration say from now on."""
        for table, rows in (("cost_current", lines), ("cost_current_transfer", transfers or [])):
            frame = pl.DataFrame(rows, schema=LINE)
            frame = frame.with_columns(gpu_hours=pl.lit(0.0), cost=pl.lit(0.0)).cast(dict(CURRENT))
            with self.warehouse.transaction() as tx, tx.frames(current=frame):
                tx.execute(f"CREATE OR REPLACE TABLE analytic.{table} AS SELECT * FROM current")
        self.analyze()

    def analyze(self) -> None:
        for analytic in self._ledger:
            self._store.write_whole(analytic, State("", 0), datetime(2026, 1, 1))

    def close(self, month: date, now: datetime = NOW, *, incomplete: bool = False) -> Closing:
        closed = close(self.warehouse, month, now, "v000001", incomplete=incomplete)
        self.analyze()
        return closed

    def report(self, month: date) -> list[tuple[Any, ...]]:
        """All lines of a month's report, sorted."""
        return self.rows(f"WHERE billing_month = DATE '{month}'")

    def rows(self, where: str = "") -> list[tuple[Any, ...]]:
        columns = ", ".join(("billing_month", "charge_class", *LINE))
        tables = " UNION ALL BY NAME ".join(f"SELECT {columns} FROM analytic.{name}" for name in closing.FROZEN)
        return sorted(self.warehouse.query(f"SELECT {columns} FROM ({tables}) {where}").rows(), key=repr)

    def corrections(self, month: date) -> list[tuple[Any, ...]]:
        """Team, pod, month, quantity, used and price of the corrections that the report of `month` bears."""
        return self.warehouse.query(
            "SELECT team, pod, month, CAST(quantity AS BIGINT), CAST(used AS BIGINT), CAST(price AS DOUBLE) "
            "FROM analytic.cost_line WHERE billing_month = $month AND charge_class = 'Correction' ORDER BY ALL",
            {"month": month},
        ).rows()

    def sums(self, tables: str = "cost_line cost_transfer") -> Counter[tuple[Any, ...]]:
        """Quantity and used by all other columns of a line; what is zero is left out."""
        found: Counter[tuple[Any, ...]] = Counter()
        keys = [name for name in LINE if name not in ("quantity", "used")]
        for table in tables.split():
            for row in self.warehouse.query(f"SELECT {', '.join(LINE)} FROM analytic.{table}").to_dicts():
                key = (*(row[name] for name in keys), row["used"] is None)
                found[(*key, "quantity")] += int(row["quantity"])
                found[(*key, "used")] += int(row["used"] or 0)
        return Counter({key: value for key, value in found.items() if value})

    def truth(self) -> Counter[tuple[Any, ...]]:
        return self.sums("cost_current cost_current_transfer")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with Warehouse.open(tmp_path) as warehouse:
        yield Books(warehouse)


def refusal(books: Books, month: date, now: datetime = NOW) -> ConfigurationError:
    """The error with which a month is not closed, after checking that nothing was written."""
    tables = ("closed_month", "closed_line", "job_run")
    before = [books.warehouse.query(f"SELECT * FROM {name}").rows() for name in tables]
    with pytest.raises(ConfigurationError) as refused:
        close(books.warehouse, month, now, "v000002")
    assert [books.warehouse.query(f"SELECT * FROM {name}").rows() for name in tables] == before
    return refused.value


def test_the_tables_of_the_ledger_have_the_contract_s_columns_in_every_state(books: Books) -> None:
    def types() -> list[list[tuple[Any, ...]]]:
        return [
            books.warehouse.query(f"SELECT column_name, column_type FROM (DESCRIBE analytic.{name})").rows()
            for name in ("cost_line", "cost_transfer", "cost_correction")
        ]

    expected = [("DECIMAL(38,0)" if kind == pl.Decimal(38, 0) else "DECIMAL(38,18)" if isinstance(kind, pl.Decimal)
                 else "DATE" if kind == pl.Date else "BIGINT" if kind == pl.Int64 else "VARCHAR")
                for kind in LINE.values()]  # fmt: skip
    columns = list(zip(LINE, expected, strict=True))
    columns += [("billing_month", "DATE"), ("charge_class", "VARCHAR"), ("gpu_hours", "DOUBLE")]
    published, inner = ("cost", "DECIMAL(28,10)"), ("cost", "DOUBLE")  # money that readers see is no float
    every = [[*columns, published], [*columns, published], [*columns, inner]]
    assert types() == every
    books.set([line(SEPTEMBER)])
    assert types() == every
    books.close(SEPTEMBER)
    assert types() == every
    books.set([line(SEPTEMBER, price="3"), line(OCTOBER)])
    assert types() == every


def test_a_changed_price_is_corrected_in_the_open_month_and_the_closed_bill_stays(books: Books) -> None:
    books.set([line(SEPTEMBER), line(SEPTEMBER, team="ml", pod="train-0", quantity=3 * HOUR, used=None), line(OCTOBER)])
    closed = books.close(SEPTEMBER)
    assert (closed.closed.lines, closed.closed.total, closed.corrections) == (2, Decimal("8.00"), 0)
    before = books.report(SEPTEMBER)
    books.set(
        [
            line(SEPTEMBER, price="2.5"),
            line(SEPTEMBER, team="ml", pod="train-0", quantity=3 * HOUR, used=None),
            line(OCTOBER),
        ]
    )
    assert books.report(SEPTEMBER) == before
    assert books.corrections(OCTOBER) == [
        ("search", "chat-0", SEPTEMBER, -HOUR, -HOUR // 2, 2.0),
        ("search", "chat-0", SEPTEMBER, HOUR, HOUR // 2, 2.5),
    ]
    assert books.sums() == books.truth()
    row = books.warehouse.query("SELECT * FROM analytic.closing ORDER BY month").to_dicts()
    assert [(one["status"], one["total"], one["corrections"], one["corrections_cost"]) for one in row] == [
        ("closed", Decimal("8.00"), 0, 0.0), ("open", None, 2, 0.5),
    ]  # fmt: skip
    assert (row[0]["corrected"], row[0]["corrected_cost"]) == (2, 0.5)


def test_corrections_are_frozen_with_the_month_that_bears_them_and_not_repeated(books: Books) -> None:
    books.set([line(SEPTEMBER), line(OCTOBER)])
    books.close(SEPTEMBER)
    late = [line(SEPTEMBER), line(SEPTEMBER, pod="late-0", quantity=HOUR // 2, used=0), line(OCTOBER), line(NOVEMBER)]
    books.set(late)
    closed = books.close(OCTOBER)
    assert (closed.closed.total, closed.corrections, closed.corrections_cost) == (Decimal("3.00"), 1, Decimal("1.00"))
    assert books.corrections(OCTOBER) == [("search", "late-0", SEPTEMBER, HOUR // 2, 0, 2.0)]
    assert books.corrections(NOVEMBER) == []
    assert books.sums() == books.truth()
    # the late pod was nobody's after all: that is said once more, by the next report
    october = books.report(OCTOBER)
    books.set([line(SEPTEMBER), line(OCTOBER), line(NOVEMBER)])
    assert books.report(OCTOBER) == october
    assert books.corrections(NOVEMBER) == [("search", "late-0", SEPTEMBER, -HOUR // 2, 0, 2.0)]
    assert books.sums() == books.truth()


def test_a_changed_owner_moves_the_cost_with_its_transfers(books: Books) -> None:
    def shared(team: str) -> list[dict[str, Any]]:
        part = {"charge": "transfer", "share_den": 1_000_000, "used": None}
        idle = line(SEPTEMBER, **part, team="__idle__", pod=None, quantity=-HOUR * 1_000_000)
        return [idle, line(SEPTEMBER, **part, team=team, quantity=HOUR * 1_000_000)]

    idle = line(SEPTEMBER, charge="idle", team="__idle__", pod=None, used=0)
    books.set([line(SEPTEMBER), idle], shared("search"))
    assert books.close(SEPTEMBER).closed.total == Decimal("4.00")
    books.set([line(SEPTEMBER, team="ml"), idle], shared("ml"))
    assert books.corrections(OCTOBER) == [
        ("ml", "chat-0", SEPTEMBER, HOUR, HOUR // 2, 2.0), ("search", "chat-0", SEPTEMBER, -HOUR, -HOUR // 2, 2.0),
    ]  # fmt: skip
    moved = books.warehouse.query(
        "SELECT team, CAST(quantity AS BIGINT) FROM analytic.cost_transfer WHERE charge_class = 'Correction' ORDER BY 1"
    )
    assert moved.rows() == [("ml", HOUR * 1_000_000), ("search", -HOUR * 1_000_000)]
    assert books.sums() == books.truth()


def test_a_month_that_has_not_ended_in_the_report_s_time_zone_is_refused(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        books = Books(warehouse, "Europe/Berlin")
        books.set([line(OCTOBER)])
        # winter time began in October: it ends at 23:00 UTC
        end = datetime(2026, 10, 31, 23, tzinfo=UTC)
        error = refusal(books, OCTOBER, end - timedelta(seconds=1))
        assert error.message == "2026-10 has not ended: it ends at 2026-10-31T23:00:00Z (Europe/Berlin)"
        assert books.close(OCTOBER, end).closed.month == OCTOBER


def test_a_month_ends_by_the_zone_s_clock() -> None:
    assert end_of(date(2026, 9, 1), "Europe/Berlin") == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert end_of(date(2026, 12, 1), "Asia/Kolkata") == datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    assert end_of(date(9999, 12, 1), "UTC") > datetime(9999, 12, 31, tzinfo=UTC)


def test_a_closed_month_says_so_and_nothing_changes(books: Books) -> None:
    books.set([line(SEPTEMBER)])
    books.close(SEPTEMBER)
    books.set([line(SEPTEMBER, price="9")])
    error = refusal(books, SEPTEMBER)
    assert error.message == "2026-09 is closed since 2026-11-03T08:00:00Z, at 2.00"
    assert error.remedy is not None
    assert "2026-10 as corrections" in error.remedy


def test_months_are_closed_in_order(books: Books) -> None:
    books.set([line(AUGUST), line(OCTOBER)])
    error = refusal(books, OCTOBER)
    assert error.message == "2026-08 came before 2026-10 and is still open"
    assert error.remedy == "close it first: `meterline close --month 2026-08`"
    books.close(AUGUST)
    books.close(OCTOBER)  # nothing was there in September
    # what is found of September afterwards was never closed: it is its own report still, and can be closed
    books.set([line(AUGUST), line(SEPTEMBER), line(OCTOBER), line(NOVEMBER)])
    assert books.corrections(NOVEMBER) == []
    assert books.close(SEPTEMBER).closed.total == Decimal("2.00")
    assert books.sums() == books.truth()


def test_a_month_whose_report_bears_only_corrections_is_closed_too(books: Books) -> None:
    books.set([line(AUGUST)])
    books.close(AUGUST)
    books.set([line(AUGUST, price="3"), line(OCTOBER)])
    assert refusal(books, OCTOBER).message == "2026-09 came before 2026-10 and is still open"
    assert books.close(SEPTEMBER).closed.total == Decimal("1.00")


def test_a_month_without_cost_is_refused(books: Books) -> None:
    books.set([line(OCTOBER)])
    assert refusal(books, SEPTEMBER).message == "no cost is known in 2026-09"


def test_an_incomplete_month_needs_to_be_accepted_and_that_is_noted(books: Books) -> None:
    cpu = line(SEPTEMBER, kind="cpu", gpu_model=None, list_price=None, price=None)
    books.set([line(SEPTEMBER), line(SEPTEMBER, gpu_model="B200", list_price=None, price=None), cpu])
    with books.warehouse.transaction() as tx:
        tx.execute(
            "INSERT INTO price_problem VALUES ('gpu_hour H100', '2026-09-30', '2026-10-02', 'two prices hold', 'x'), "
            "('gpu_hour L4', '2026-10-01', NULL, 'two prices hold', 'x')"
        )
        tx.execute(
            "INSERT INTO configured_source (source, type, fact) VALUES ('prod', 'prometheus', 'gpu_allocation'), "
            "('prod', 'prometheus', 'gpu_capacity'), ('prod', 'prometheus', 'serving_count')"
        )
        tx.execute(
            "INSERT INTO watermark (source, stream, fact, collected_to) VALUES "
            "('prod', 'ksm', 'gpu_allocation', '2026-09-28T10:00'), ('prod', 'ksm', 'gpu_capacity', '2026-10-01'), "
            "('prod', 'old', 'gpu_capacity', '2026-09-05'), ('prod', 'vllm', 'serving_count', '2026-09-28'), "
            "('gone', 'ksm', 'gpu_allocation', '2026-09-28')"
        )
    gaps = (
        "no price for B200 in 1 lines from 2026-09-02 to 2026-09-02",
        "gpu_hour H100: two prices hold",
        "gpu_allocation of prod is collected only up to 2026-09-28T10:00:00Z",
    )
    error = refusal(books, SEPTEMBER)
    assert error.message == f"2026-09 is incomplete: {'; '.join(gaps)}"
    assert error.remedy is not None
    assert "--incomplete" in error.remedy
    closed = books.close(SEPTEMBER, incomplete=True)
    assert (closed.missing, closed.closed.total) == (gaps, Decimal("2.00"))
    note = books.warehouse.query("SELECT note FROM analytic.closing WHERE month = DATE '2026-09-01'").item()
    assert note == f"closed although {'; '.join(gaps)}"
    # a price that is added later takes back an hour that cost nothing: October is complete
    books.set([line(SEPTEMBER), line(SEPTEMBER, gpu_model="B200"), cpu, line(OCTOBER)])
    with books.warehouse.transaction() as tx:
        tx.execute("DELETE FROM price_problem")
        tx.execute("DELETE FROM watermark")
    closed = books.close(OCTOBER)
    assert (closed.missing, closed.corrections, closed.corrections_cost) == ((), 2, Decimal("2.00"))


def test_cpu_without_a_price_is_missing_once_cpu_has_prices(books: Books) -> None:
    books.set([line(SEPTEMBER), line(SEPTEMBER, kind="cpu", gpu_model=None, list_price=None, price=None)])
    with books.warehouse.transaction() as tx:
        tx.execute("INSERT INTO price (kind, price) VALUES ('cpu', 1)")
    assert refusal(books, SEPTEMBER).message == (
        "2026-09 is incomplete: no price for cpu in 1 lines from 2026-09-02 to 2026-09-02"
    )


def test_nothing_is_closed_on_top_of_altered_lines(books: Books) -> None:
    books.set([line(SEPTEMBER), line(OCTOBER)])
    books.close(SEPTEMBER)
    with books.warehouse.transaction() as tx:
        tx.execute("UPDATE closed_line SET quantity = quantity + 1")
    with pytest.raises(WarehouseError, match="the lines of 2026-09 are not those that were closed"):
        books.close(OCTOBER)


def test_what_could_not_be_computed_is_not_frozen() -> None:
    require_costs(Analysis("v000001", ("cost_line", "cost_transfer"), {}))
    with pytest.raises(MeterlineError, match="cost_transfer could not be computed: out of order"):
        require_costs(Analysis("v000001", ("cost_line",), {"cost_transfer": "out of order"}))


def test_the_oldest_open_month_is_due_when_it_ended_long_enough_ago(books: Books) -> None:
    books.set([line(SEPTEMBER), line(OCTOBER)])
    end, after = datetime(2026, 10, 1, tzinfo=UTC), timedelta(days=5)
    assert month_due(books.warehouse, end + after - timedelta(seconds=1), after) is None
    assert month_due(books.warehouse, end + after, after) == SEPTEMBER
    assert month_due(books.warehouse, NOW, after) == SEPTEMBER
    books.close(SEPTEMBER)
    assert month_due(books.warehouse, NOW, after) is None  # October ended three days ago
    assert month_due(books.warehouse, NOW, timedelta(days=2)) == OCTOBER


DIES = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from meterline.closing import close
from warehouse import closing
from warehouse.database import Warehouse

setattr(closing, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
with Warehouse.open(Path(sys.argv[1])) as warehouse:
    close(warehouse, date(2026, 9, 1), datetime(2026, 11, 3, tzinfo=UTC), "v000001")
"""


@pytest.mark.parametrize("moment", ["frozen_sums", "digest"])
def test_a_process_killed_while_it_closes_leaves_the_month_open(moment: str, tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        Books(warehouse).set([line(SEPTEMBER)])
    # the lines are written by then, the month is not recorded yet
    ran = subprocess.run([sys.executable, "-c", DIES, str(tmp_path), moment], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    with Warehouse.open(tmp_path) as warehouse:
        rows = "SELECT (SELECT count(*) FROM closed_line) AS lines, (SELECT count(*) FROM closed_month) AS months"
        assert warehouse.query(rows).row(0) == (0, 0)
        assert close(warehouse, SEPTEMBER, NOW, "v000001").closed.total == Decimal("2.00")


MONTHS = tuple(date(2026, month, 1) for month in range(1, 6))
KEY = st.tuples(
    st.sampled_from(MONTHS), st.sampled_from(["search", "ml"]), st.sampled_from([None, "a", "b"]),
    st.sampled_from(["2", "2.5", None]), st.sampled_from(["allocation", "transfer"]), st.booleans(),
)  # fmt: skip
LINES = st.dictionaries(KEY, st.tuples(st.integers(-(10**24), 10**24), st.integers(0, 10**9)), max_size=8)
STEP = st.one_of(LINES, st.just("close"))


@pytest.fixture(scope="module")
def used_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Books that many examples use one after another; each begins by emptying them."""
    with Warehouse.open(tmp_path_factory.mktemp("books")) as warehouse:
        yield Books(warehouse)


@settings(max_examples=25)
@given(steps=st.lists(STEP, min_size=2, max_size=8))
def test_all_reports_together_are_the_truth_and_closed_ones_never_change(used_books: Books, steps: list[Any]) -> None:
    books = used_books
    with books.warehouse.transaction() as tx:
        tx.execute("DELETE FROM closed_month")
        tx.execute("DELETE FROM closed_line")
    books.set([])
    closed: dict[date, list[tuple[Any, ...]]] = {}
    for step in steps:
        if step == "close":
            # prices may be missing, months may be empty: whatever is due next is closed
            month = month_due(books.warehouse, NOW, timedelta(0))
            if month is not None:
                books.close(month, incomplete=True)
                closed[month] = books.report(month)
        else:
            current = [
                line(month, team=team, pod=pod, price=price, list_price=price, charge=charge,
                     quantity=quantity, used=used if measured else None, share_den=1_000_000)
                for (month, team, pod, price, charge, measured), (quantity, used) in step.items()
            ]  # fmt: skip
            books.set(
                [one for one in current if one["charge"] != "transfer"],
                [one for one in current if one["charge"] == "transfer"],
            )
        assert books.sums() == books.truth()
        assert {month: books.report(month) for month in closed} == closed
        borne = {row[0] for row in books.rows("WHERE charge_class = 'Correction'")} - set(closed)
        assert borne <= ({closing.following(max(closed))} if closed else set())
