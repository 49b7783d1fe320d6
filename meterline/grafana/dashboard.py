"""From a board to Grafana's dashboard JSON (schema 39), for import and for provisioning alike.

`${DS_PROMETHEUS}` is an input, which the import asks for, and a variable of the same name, because provisioning
resolves no inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from meterline.grafana.panel import SOURCE, SOURCE_NAME, Content, panel_json, row_json
from meterline.grafana.profile_words import Unmeasured
from meterline.grafana.template import Board, Panel, Row, Variable
from meterline.grafana.wording import Subject, Values, said, values_of

SCHEMA_VERSION = 39
GRAFANA = "10.3.0"
COLUMNS = 24
EVERYTHING = {"selected": True, "text": ["All"], "value": ["$__all"]}


def dashboard(board: Board, subject: Subject) -> Content | None:
    """The dashboard as Grafana's JSON; None when nothing in it can be asked of this Prometheus."""
    values = values_of(board, subject)
    panels = list(_placed(_rows(board, values)))
    if not panels:
        return None
    return {
        "__inputs": [
            {
                "name": SOURCE_NAME, "label": "Prometheus", "description": "", "type": "datasource",
                "pluginId": "prometheus", "pluginName": "Prometheus",
            }
        ],
        "__requires": _requires(panels),
        "uid": board.uid,
        "id": None,
        "title": board.title,
        "description": board.description,
        "tags": list(board.tags),
        "timezone": "utc",
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "refresh": board.refresh,
        "time": {"from": board.since, "to": "now"},
        "timepicker": {},
        "links": [],
        "annotations": {"list": []},
        "templating": {"list": [_source_variable(), *(_variable(one, values) for one in board.variables)]},
        "panels": panels,
    }  # fmt: skip


def _rows(board: Board, values: Values) -> Iterator[tuple[str, list[tuple[Panel, Content]]]]:
    for row in board.rows:
        for known in _repeated(row, values):
            panels = [made for panel in row.panels for made in _panels(panel, known)]
            if panels:
                yield said(row.title, known), panels


def _repeated(row: Row | Panel, values: Values) -> Iterator[Values]:
    if row.each == "serving_profile":
        yield from ({**values, "runtime": one} for one in values["runtimes"])
    elif row.each == "burn_rule":
        yield from ({**values, "rule": one} for one in values["burn_rules"])
    else:
        yield values


def _panels(panel: Panel, values: Values) -> Iterator[tuple[Panel, Content]]:
    for known in _repeated(panel, values):
        try:
            queries = [
                one.model_copy(update={"expr": said(one.expr, known), "legend": said(one.legend, known)})
                for one in panel.queries
            ]
            texts = said(panel.title, known), said(panel.description, known)
            limit = None if panel.limit is None else said(panel.limit, known)
        except Unmeasured:
            continue
        yield panel, panel_json(panel, *texts, queries, limit)


def _placed(rows: Iterable[tuple[str, list[tuple[Panel, Content]]]]) -> Iterator[Content]:
    """Headings and panels with their ids and places: left to right, line by line."""
    top, number = 0, 0
    for title, panels in rows:
        number += 1
        yield {"id": number, "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}, **row_json(title)}
        top += 1
        left = tallest = 0
        for panel, content in panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            yield {"id": number, "gridPos": {"x": left, "y": top, "w": panel.width, "h": panel.height}, **content}
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest


def _requires(panels: Iterable[Content]) -> list[dict[str, Any]]:
    kinds = sorted({one["type"] for one in panels} - {"row"})
    return [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA},
        {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
    ]


def _source_variable() -> Content:
    return {
        "name": SOURCE_NAME, "label": "Prometheus", "type": "datasource", "query": "prometheus", "regex": "",
        "hide": 0, "refresh": 1, "multi": False, "includeAll": False, "skipUrlSync": False, "options": [],
        "current": {},
    }  # fmt: skip


def _variable(one: Variable, values: Values) -> Content:
    query = said(one.query, values)
    return {
        "name": one.name, "label": one.label, "type": "query", "datasource": SOURCE, "definition": query,
        "query": {"query": query, "refId": one.name}, "regex": "", "hide": 0, "refresh": 2, "sort": 1, "multi": True,
        "includeAll": True, "allValue": ".*", "skipUrlSync": False, "options": [], "current": EVERYTHING,
    }  # fmt: skip
