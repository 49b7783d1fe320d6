"""Rows: a small table to read, and the rows behind a chart to sort, search and take away as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dashboards.components.markup import draw, text
from dashboards.formats import count

SHOWN = 1000
"""Rows that are sent to the browser; the CSV always has all of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a small table: its head, and how a row becomes its cell.

    `html` cells escape for themselves, `wide` ones hold a bar.
    """

    head: str
    cell: Callable[[dict[str, Any]], str]
    number: bool = False
    html: bool = False
    wide: bool = False


def table(frame: pl.DataFrame, columns: Sequence[Column], most: int = 15) -> None:
    """The first `most` rows as text."""
    heads = "".join(f"<th{_side(column)}>{text(column.head)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_side(column)}>{_cell(column, row)}</td>" for column in columns) + "</tr>"
        for row in frame.head(most).to_dicts()
    )
    draw(
        f'<div class="ml-scroll" tabindex="0"><table class="ml-table"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def rows_behind(
    frame: pl.DataFrame,
    name: str,
    what: str = "Rows behind this",
    *,
    height: int | None = None,
    whole: Callable[[], str] | None = None,
) -> None:
    """All rows of `frame`, folded, with a CSV of them named `name`.csv (exact decimals, ISO times).

    Where `frame` is only the beginning, `height` says how many rows there are and `whole` makes the CSV of all of them,
    when it is asked for.
    """
    there = frame.height if height is None else height
    with st.expander(f"{what} ({count(there)})"):
        st.dataframe(
            frame.head(SHOWN), hide_index=True, column_config=_formats(frame), key=f"rows-{name}", placeholder="–"
        )
        if there > min(frame.height, SHOWN):
            st.caption(f"The first {count(min(frame.height, SHOWN))} rows; the CSV has all {count(there)}.")
        st.download_button(
            "Download CSV",
            whole or frame.write_csv,
            f"{name}.csv",
            "text/csv",
            key=f"csv-{name}",
            on_click="ignore",
            type="tertiary",
        )


def _side(column: Column) -> str:
    return ' class="ml-num"' if column.number else ' class="ml-wide"' if column.wide else ""


def _cell(column: Column, row: dict[str, Any]) -> str:
    value = column.cell(row)
    return value if column.html else text(value)


def _formats(frame: pl.DataFrame) -> dict[str, Any]:
    """Column heads in words; floats by what their names say: `_h` hours, `_s` seconds, shares in per cent."""
    shares = {"share", "availability", "success_rate", "first_attempt_rate", "coverage", "within_lower", "within_upper"}
    found: dict[str, Any] = {}
    for column, kind in frame.schema.items():
        label = column.replace("_", " ")
        if column in shares:
            found[column] = st.column_config.NumberColumn(label, format="percent")
        elif kind.is_float() and (column.endswith("_h") or column == "gpu_hours"):
            found[column] = st.column_config.NumberColumn(f"{label.removesuffix(' h')} (h)", format="%,.1f")
        elif kind.is_float() and column.endswith("_s"):
            found[column] = st.column_config.NumberColumn(f"{label.removesuffix(' s')} (s)", format="%.3f")
        elif isinstance(kind, pl.Decimal):
            found[column] = st.column_config.NumberColumn(label, format=f"%,.{kind.scale}f")
        elif kind == pl.Date:
            found[column] = st.column_config.DateColumn(label, format="YYYY-MM-DD")
        elif kind == pl.Datetime:
            found[column] = st.column_config.DatetimeColumn(f"{label} (UTC)", format="YYYY-MM-DD HH:mm")
        else:
            found[column] = st.column_config.Column(label)
    return found
