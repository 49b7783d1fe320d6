"""Grafana's JSON of one panel."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from meterline.grafana.template import Panel, Query

Content = dict[str, Any]

SOURCE_NAME = "DS_PROMETHEUS"
SOURCE = {"type": "prometheus", "uid": f"${{{SOURCE_NAME}}}"}
HIDDEN = {"Time": True, "__name__": True}


def panel_json(panel: Panel, title: str, description: str, queries: Sequence[Query], limit: str | None) -> Content:
    """A panel without id and place. `queries` are those of `panel` with their words filled in."""
    table = panel.kind == "table"
    return {
        "type": panel.kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "targets": [_target(query, letter, panel) for query, letter in zip(queries, ascii_uppercase, strict=False)],
        "fieldConfig": {"defaults": _defaults(panel, limit), "overrides": _overrides(queries)},
        "options": OPTIONS[panel.kind],
        "transformations": _as_one_table(queries) if table else [],
    }


def row_json(title: str) -> Content:
    """The heading of a row, without id and place."""
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def _target(query: Query, letter: str, panel: Panel) -> Content:
    now = panel.kind == "table"
    return {
        "datasource": SOURCE,
        "refId": letter,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": "table" if now else "time_series",
        "instant": now,
        "range": not now,
    }


def _defaults(panel: Panel, limit: str | None) -> Content:
    steps: list[Content] = [{"color": "green", "value": None}]
    if limit is not None:
        steps.append({"color": "red", "value": float(limit)})
    defaults: Content = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.largest is not None:
        defaults["max"] = panel.largest
    if panel.kind == "timeseries":
        defaults["color"] = {"mode": "palette-classic"}
        defaults["custom"] = {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 20 if panel.stacked else 0, "showPoints": "auto",
            "spanNulls": False, "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "off" if limit is None else "line"},
        }  # fmt: skip
    if panel.kind == "stat":
        defaults["color"] = {"mode": "thresholds"}
    return defaults


def _overrides(queries: Sequence[Query]) -> list[Content]:
    return [
        {"matcher": {"id": "byName", "options": query.legend}, "properties": [{"id": "unit", "value": query.unit}]}
        for query in queries
        if query.unit is not None
    ]


def _as_one_table(queries: Sequence[Query]) -> list[Content]:
    """The answers side by side, their values named by the legends."""
    if len(queries) == 1:
        names = {"Value": queries[0].legend or "Value"}
    else:
        names = {f"Value #{letter}": query.legend for query, letter in zip(queries, ascii_uppercase, strict=False)}
    organized = {"excludeByName": HIDDEN, "indexByName": {}, "renameByName": names}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organized}]


OPTIONS: dict[str, Content] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
    },
    "table": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}},
}  # fmt: skip
