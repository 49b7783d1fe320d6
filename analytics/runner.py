"""Recompute what changed, publish one version.

    changed days of facts -> daily tables of those days -> intermediates, results, KPIs, findings -> published Parquet

An analytic that fails keeps its last table, is named in the result and in the published table analytic_status, and
stops only those that read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from analytics.catalog import Analytic, catalog
from analytics.kpi import SCHEMA, Coverage, definitions, kpi_rows
from analytics.parameters import Parameters, parameters
from analytics.store import State, Store
from analytics.windows import in_windows
from warehouse.database import Warehouse
from warehouse.interval import Interval, naive
from warehouse.publication import publish

Progress = Callable[[str, float], None]
INVENTORY = (
    "team", "namespace_owner", "label_owner", "service", "service_match", "report_setting", "configured_source",
    "price", "commitment", "price_problem", "cost_boundary", "currency_rate", "shared_namespace", "shared_charge",
    "shared_pool", "shared_weight", "allocation_policy", "budget", "budget_threshold", "billing_sku",
    "cluster_region", "token_weight", "slo_objective", "slo_burn_rule", "sli_indicator", "alert_rule", "runbook_check",
)  # fmt: skip
"""Tables that the configuration fills; what reads one of them is computed anew when it changes."""

SHOWN = ("allocation_policy",)
"""Inventory that readers of results need beside them."""

LEDGER = ("closed_month", "closed_line")
BOOKKEEPING = ("watermark", "job_run", "changed_day")
FINDING = pl.Schema({column: pl.String() for column in ("severity", "topic", "subject", "text", "remedy")})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one run did: the published version, which analytics were computed, which failed and why."""

    version: str
    computed: tuple[str, ...]
    failed: dict[str, str]


def no_progress(what: str, share: float) -> None:
    """A progress callback that shows nothing."""


def analyze(
    warehouse: Warehouse, now: datetime, interval: Interval | None = None, progress: Progress = no_progress,
    only: Collection[str] | None = None, thresholds: Parameters | None = None,
) -> Analysis:  # fmt: skip
    """Bring all analytics (or those named in `only`, with what they read) up to date and publish one version.

    Days whose facts changed are recomputed, all days of an analytic whose text, parameters or inventory changed, and
    the days of `interval` in any case. `thresholds` stand in for parameters.yaml.
    """
    moment = naive(now)
    thresholds = thresholds or parameters()
    values = thresholds.values(moment)
    store = Store(warehouse, values)
    with warehouse.transaction() as tx:
        tx.execute("CREATE OR REPLACE TABLE analytic.quantile (q DOUBLE)")
        tx.insert("quantile", pl.DataFrame({"q": list(thresholds.quantiles)}))
    wanted = _with_inputs(only)
    run = _Run(store, thresholds, _inventory_digests(warehouse), moment, _days_of(interval))
    for number, analytic in enumerate(wanted):
        progress(f"analyze: {analytic.name}", number / len(wanted))
        run.compute(analytic)
    progress("publish", 1.0)
    version = publish(warehouse.directory, _tables(warehouse, store, run, moment), now)
    return Analysis(version, tuple(run.computed), run.failed)


class _Run:
    """One pass over the catalog: remembers what was computed, so that a table is recomputed when its inputs were."""

    def __init__(
        self, store: Store, thresholds: Parameters, inventory: dict[str, str], now: datetime, forced: list[date]
    ) -> None:
        self._store = store
        self.thresholds = thresholds
        self._inventory = inventory
        self._now = now
        self._forced = forced
        self._states = store.states()
        self._changed = store.changed_days()
        self._prints: dict[str, str] = {}
        self.computed: list[str] = []
        self.failed: dict[str, str] = {}

    def compute(self, analytic: Analytic) -> None:
        broken = sorted(analytic.reads & set(self.failed))
        if broken:
            self.failed[analytic.name] = f"not computed, as {broken[0]} failed"
            return
        try:
            done = self._daily(analytic) if analytic.head.kind == "daily" else self._whole(analytic)
        except Exception as error:  # whatever is wrong with one analytic, the others are computed
            self.failed[analytic.name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            return
        if done:
            self.computed.append(analytic.name)

    def _daily(self, analytic: Analytic) -> bool:
        days = [(day, revision) for fact in _facts_below(analytic) for day, revision in self._changed.get(fact, [])]
        state = State(self._fingerprint(analytic), max((revision for _, revision in days), default=0))
        before = self._states.get(analytic.name)
        fresh = before is None or before.fingerprint != state.fingerprint
        seen = 0 if fresh or before is None else before.revision
        stale = [day for day, revision in days if revision > seen] + [d for d in self._forced if d in dict(days)]
        if not stale and not fresh:
            return False
        self._store.write_days(analytic, stale, state, self._now, fresh=fresh)
        return True

    def _whole(self, analytic: Analytic) -> bool:
        # what is asked as of now, or read from bookkeeping, may change without any fact changing
        state = State(self._fingerprint(analytic), 0)
        self._store.write_whole(analytic, state, self._now)
        return True

    def _fingerprint(self, analytic: Analytic) -> str:
        if analytic.name not in self._prints:
            parts = [analytic.digest]
            parts += [self._inventory[table] for table in sorted(analytic.reads & set(INVENTORY))]
            by_name = {one.name: one for one in catalog()}
            parts += [self._fingerprint(by_name[name]) for name in sorted(analytic.reads & set(by_name))]
            parts.append(repr(sorted(self.thresholds.model_dump().items())))
            self._prints[analytic.name] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return self._prints[analytic.name]


def _facts_below(analytic: Analytic) -> set[str]:
    """The fact tables that an analytic reads, itself or through others."""
    by_name = {one.name: one for one in catalog()}
    facts: set[str] = set()
    for table in analytic.reads:
        facts |= _facts_below(by_name[table]) if table in by_name else {table}
    return facts - {*INVENTORY, *LEDGER, *BOOKKEEPING}


def _with_inputs(only: Collection[str] | None) -> list[Analytic]:
    if only is None:
        return list(catalog())
    by_name = {one.name: one for one in catalog()}
    wanted: set[str] = set()
    pending = [name for name in only if name in by_name]
    if any(by_name[name].head.kind == "kpi" for name in pending):
        pending.append("period")  # days of a KPI are summed up to these
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += [table for table in by_name[name].reads if table in by_name]
    return [one for one in catalog() if one.name in wanted]


def _days_of(interval: Interval | None) -> list[date]:
    if interval is None or interval.start == interval.end:
        return []
    first, last = interval.start.date(), (interval.end - timedelta(microseconds=1)).date()
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _inventory_digests(warehouse: Warehouse) -> dict[str, str]:
    def digest(table: str) -> str:
        rows = sorted(warehouse.query(f"SELECT * FROM {table}").rows(), key=repr)
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    return {table: digest(table) for table in INVENTORY}


def _tables(warehouse: Warehouse, store: Store, run: _Run, now: datetime) -> dict[str, pl.DataFrame]:
    """All that a version holds; an analytic that never succeeded is absent, one that failed now keeps its last rows."""
    existing = set(warehouse.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'analytic'").to_series())
    computed = [one for one in catalog() if one.name in existing]
    tables = {one.name: store.table(one.name) for one in computed if one.head.kind == "result"}
    findings = [store.table(one.name).cast(FINDING) for one in computed if one.head.kind == "finding"]
    tables["finding"] = pl.concat([pl.DataFrame(schema=FINDING), *findings])
    kpis = [one for one in computed if one.head.kind == "kpi"]
    periods = store.table("period") if "period" in existing else pl.DataFrame()
    coverage, rules = _coverage(warehouse), run.thresholds.rules
    rows = [
        row
        for one in kpis
        for row in kpi_rows(one.name, one.head, _counts(store, one, periods), periods, coverage, rules, now)
    ]
    tables["kpi"] = pl.DataFrame(rows, schema=SCHEMA)
    tables["kpi_definition"] = definitions((one.name, one.topic, one.head) for one in kpis)
    tables["analytic_status"] = _status(warehouse, run)
    tables |= {table: warehouse.query(f"SELECT * FROM {table}") for table in SHOWN}
    return tables


def _counts(store: Store, kpi: Analytic, periods: pl.DataFrame) -> pl.DataFrame:
    counts = store.table(kpi.name)
    return in_windows(counts, periods, kpi.head.scopes) if "day" in counts.columns else counts


def _coverage(warehouse: Warehouse) -> dict[str, Coverage]:
    rows = warehouse.query(
        """
        SELECT c.fact, list_sort(list(DISTINCT c.source)) AS sources, min(w.collected_from), max(w.collected_to),
               CASE WHEN count(w.collected_to) = count(*) THEN min(w.collected_to) END AS complete_to
        FROM configured_source AS c LEFT JOIN watermark AS w ON w.source = c.source AND w.fact = c.fact
        GROUP BY c.fact
        """
    ).rows()
    return {fact: Coverage(tuple(sources), first, last, whole) for fact, sources, first, last, whole in rows}


def _status(warehouse: Warehouse, run: _Run) -> pl.DataFrame:
    times = dict(warehouse.query("SELECT analytic, computed_at FROM analytic_state").rows())
    rows = [
        {
            "analytic": one.name, "status": "failed" if one.name in run.failed else "ok",
            "computed_at": times.get(one.name), "message": run.failed.get(one.name),
        }
        for one in catalog()
    ]  # fmt: skip
    text = pl.String()
    schema = {"analytic": text, "status": text, "computed_at": pl.Datetime("us"), "message": text}
    return pl.DataFrame(rows, schema=pl.Schema(schema))
