"""The pages, in the order of the menu. A later page is one more line here and one more file in screens/.

The folder is not named `pages`: Streamlit serves files of a folder of that name directly, without the frame of app.py,
until the first reader has opened the application.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its file below dashboards/, its title, its symbol (Material, part of Streamlit itself)."""

    file: str
    title: str
    icon: str


OVERVIEW = Entry("screens/overview.py", "Overview", ":material/speed:")
GPU = Entry("screens/gpu.py", "GPU efficiency", ":material/memory:")
COST = Entry("screens/cost.py", "Cost", ":material/payments:")
SERVING = Entry("screens/serving.py", "Serving", ":material/bolt:")
PIPELINES = Entry("screens/pipelines.py", "Pipelines", ":material/account_tree:")
DRIFT = Entry("screens/drift.py", "Drift", ":material/waves:")

ENTRIES = (OVERVIEW, GPU, COST, SERVING, PIPELINES, DRIFT)

BY_TOPIC = {"gpu": GPU, "cost": COST, "serving": SERVING, "pipelines": PIPELINES, "drift": DRIFT}
"""The page of a topic: the folder of analytics/ that a KPI or finding comes from."""


def page_of(topic: str | None) -> Entry:
    """The page of a topic; the overview for one that has no page yet."""
    return BY_TOPIC.get(topic or "", OVERVIEW)
