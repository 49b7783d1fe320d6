"""What is known to be missing in a month's report before it is closed.

Known are prices that are not there or contradict each other, and sources that are behind. A series that stopped while
its source went on is not known here.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta

from warehouse.interval import Interval, isoformat, naive
from warehouse.writing import Transaction

COST_FACTS = (
    "gpu_allocation", "gpu_capacity", "gpu_activity", "compute_allocation", "compute_capacity", "node_attribute",
    "pod_label",
)  # fmt: skip
"""What lines are made of. Where a daily table FACT_day reads one, its state says up to which change it was read."""


def missing(tx: Transaction, month: date, span: Interval) -> tuple[str, ...]:
    """Each thing that is missing in the report of `month`, which lasts for `span`, in words.

    CPU and memory count only when prices are configured for them: without any, they are not meant to cost something.
    """
    return (*_unpriced(tx, month), *_price_problems(tx, span), *_sources_behind(tx, span))


def outrun(tx: Transaction, span: Interval) -> bool:
    """Whether facts of `span` were stored after the analysis had read them (sources collect at the same time)."""
    found = tx.query(
        """
        SELECT count(*) FROM changed_day AS c JOIN analytic_state AS s ON s.analytic = concat(c.fact, '_day')
        WHERE list_contains($facts, c.fact) AND c.day BETWEEN $first AND $last AND c.revision > s.revision
        """,
        {
            "facts": list(COST_FACTS), "first": naive(span.start).date(),
            "last": naive(span.end - timedelta(microseconds=1)).date(),
        },
    )  # fmt: skip
    return bool(found.item())


def _unpriced(tx: Transaction, month: date) -> list[str]:
    rows = tx.query(
        """
        SELECT CASE WHEN kind = 'gpu' THEN coalesce(gpu_model, 'GPUs of unknown model') ELSE kind END AS subject,
               count(*), min(day), max(day)
        FROM analytic.cost_line
        WHERE billing_month = $month AND price IS NULL AND quantity > 0
          AND (kind NOT IN ('cpu', 'memory') OR kind IN (SELECT kind FROM main.price))
        GROUP BY subject ORDER BY subject
        """,
        {"month": month},
    ).rows()
    return [f"no price for {subject} in {count} lines from {first} to {last}" for subject, count, first, last in rows]


def _price_problems(tx: Transaction, span: Interval) -> list[str]:
    rows = tx.query(
        """
        SELECT DISTINCT subject, problem FROM main.price_problem
        WHERE (valid_from IS NULL OR valid_from < $end) AND (valid_to IS NULL OR valid_to > $start)
        ORDER BY subject, problem
        """,
        {"start": naive(span.start), "end": naive(span.end)},
    ).rows()
    return [f"{subject}: {problem}" for subject, problem in rows]


def _sources_behind(tx: Transaction, span: Interval) -> list[str]:
    rows = tx.query(
        """
        SELECT w.source, w.fact, max(w.collected_to) AS upto FROM main.watermark AS w
        JOIN main.configured_source AS c ON c.source = w.source AND c.fact = w.fact
        WHERE list_contains($facts, w.fact)
        GROUP BY w.source, w.fact HAVING max(w.collected_to) < $end ORDER BY w.source, w.fact
        """,
        {"facts": list(COST_FACTS), "end": naive(span.end)},
    ).rows()
    return [
        f"{fact} of {source} is collected only up to {isoformat(upto.replace(tzinfo=UTC))}"
        for source, fact, upto in rows
    ]
