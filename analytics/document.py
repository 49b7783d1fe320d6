"""docs/analytics.md from the heads of all analytics, so that what they mean is written once.

    python -m analytics.document > docs/analytics.md

A test fails when the file is not what this prints.
"""

from __future__ import annotations

from analytics.catalog import Analytic, catalog

KINDS = {
    "kpi": "KPIs",
    "result": "Published tables",
    "finding": "Findings",
    "intermediate": "Intermediate tables",
    "daily": "Daily tables, recomputed for changed days only",
}

HEADER = """\
# Analytics

Made from the heads of the files in `analytics/` by `python -m analytics.document`; change it there. A target in
brackets is the stretch.
"""


def document() -> str:
    """The whole page as Markdown."""
    parts = [HEADER]
    for kind, title in KINDS.items():
        parts.append(f"\n## {title}\n")
        parts += [_section(one) for one in sorted(catalog(), key=lambda one: one.name) if one.head.kind == kind]
    return "".join(parts)


def _section(one: Analytic) -> str:
    head = one.head
    suffix = "py" if one.compute else "sql"
    rows = {
        "formula": head.formula,
        "unit": f"{head.unit}, {'higher' if head.direction == 'up' else 'lower'} is better" if head.unit else None,
        "target": _target(one),
        "missing data": head.missing,
        "source": head.source,
        "needs facts": ", ".join(head.facts) or None,
        "reads": ", ".join(sorted(one.reads)),
    }
    lines = [f"- {name}: {' '.join(text.split())}" for name, text in rows.items() if text]
    title = f": {head.title}" if head.title else ""
    path = f"analytics/{one.topic}/{one.name}.{suffix}"
    return f"\n### {one.name}{title}\n\n{head.question} ([file](../{path}))\n\n" + "\n".join(lines) + "\n"


def _target(one: Analytic) -> str | None:
    target = one.head.target
    if target is None:
        return None
    return f"{target}" + (f" ({target.stretch:g})" if target.stretch is not None else "")


if __name__ == "__main__":
    print(document(), end="")
