"""The pages, in the order of the menu. A later page is one more line here and one more file in screens/.

The folder is not named `pages`: Streamlit serves files of a folder of that name directly, without the frame of app.py,
until the first reader has opened the application.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its file below dashboards/, its title, its symbol (Material, part of Streamlit itself), its section.

    A `live` one reads the log of alerts, and is shown also while nothing is published.
    """

    file: str
    title: str
    icon: str
    section: str = ""
    live: bool = False


EFFICIENCY, SPEND, RELIABILITY = "Efficiency", "Spend", "Reliability"
OVERVIEW = Entry("screens/overview.py", "Overview", ":material/speed:")
GPU = Entry("screens/gpu.py", "GPU efficiency", ":material/memory:", EFFICIENCY)
SERVING = Entry("screens/serving.py", "Serving", ":material/bolt:", EFFICIENCY)
PIPELINES = Entry("screens/pipelines.py", "Pipelines", ":material/account_tree:", EFFICIENCY)
DRIFT = Entry("screens/drift.py", "Drift", ":material/waves:", EFFICIENCY)
SHOWBACK = Entry("screens/showback.py", "Showback", ":material/payments:", SPEND)
UNIT_COST = Entry("screens/unit_cost.py", "Unit cost", ":material/sell:", SPEND)
BUDGETS = Entry("screens/budgets.py", "Budgets", ":material/flag:", SPEND)
RECONCILIATION = Entry("screens/reconciliation.py", "Reconciliation", ":material/receipt_long:", SPEND)
SLOS = Entry("screens/slos.py", "SLOs", ":material/target:", RELIABILITY)
ALERTS = Entry("screens/alerts.py", "Alerts", ":material/notifications:", RELIABILITY, live=True)
ON_CALL = Entry("screens/on_call.py", "On-call health", ":material/support_agent:", RELIABILITY)

ENTRIES = (
    OVERVIEW, GPU, SERVING, PIPELINES, DRIFT, SLOS, ALERTS, ON_CALL, SHOWBACK, UNIT_COST, BUDGETS, RECONCILIATION,
)  # fmt: skip

BY_TOPIC = {
    "gpu": GPU, "serving": SERVING, "pipelines": PIPELINES, "drift": DRIFT, "cost": SHOWBACK, "unit": UNIT_COST,
    "budget": BUDGETS, "billing": RECONCILIATION, "slo": SLOS, "on_call": ON_CALL,
}  # fmt: skip
"""The page of a topic: the folder of analytics/ that a KPI or finding comes from."""

OWN_PAGE = {"cost_per_1k_inferences": UNIT_COST}
"""KPIs that another page than that of their topic explains."""


def page_of(topic: str | None, kpi: str | None = None) -> Entry:
    """The page of a topic or KPI; the overview for one that has no page yet."""
    return OWN_PAGE.get(kpi or "") or BY_TOPIC.get(topic or "", OVERVIEW)


def sections() -> dict[str, list[Entry]]:
    """The menu: pages by section, in order; pages without a section first."""
    found: dict[str, list[Entry]] = {}
    for entry in ENTRIES:
        found.setdefault(entry.section, []).append(entry)
    return found
