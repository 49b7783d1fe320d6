"""What pages know: rows of one published version, cached for as long as that version is the current one.

A run of the script asks for the current version once (`current`) and reads everything from it. Results are cached by
version and never invalidated: a new version is a new key, an old one falls out of the cache. A table that this version
does not hold gives no rows, so a page shows its empty state instead of failing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
import streamlit as st

from warehouse.errors import ConfigurationError
from warehouse.published import Published

DATA_VARIABLE = "METERLINE_DATA"
Parameter = str | int | float | date | datetime | None


def data_directory() -> Path:
    """The directory named by the environment variable METERLINE_DATA.

    Raises ConfigurationError when it is not set.
    """
    named = os.environ.get(DATA_VARIABLE)
    if not named:
        raise ConfigurationError(
            f"the environment variable {DATA_VARIABLE} is not set",
            "start the dashboards with `meterline run` or `meterline demo`, or set it to the data directory",
        )
    return Path(named)


@dataclass(frozen=True, slots=True)
class Results:
    """The published version `version` (such as v000012) below `directory`."""

    directory: str
    version: str

    def rows(self, sql: str, needs: tuple[str, ...], **parameters: Parameter) -> pl.DataFrame:
        """Rows of one SELECT over published tables; an empty frame without columns when one of `needs` is missing.

        `parameters` are `$name` in the text. Raises WarehouseError when the version cannot be read.
        """
        return _rows(self.directory, self.version, sql, needs, tuple(sorted(parameters.items())))

    def unkept(self, sql: str, needs: tuple[str, ...], **parameters: Parameter) -> pl.DataFrame:
        """The same without keeping the rows: for a download of what may be large."""
        return _read(self.directory, self.version, sql, needs, parameters)


def current(directory: Path) -> Results:
    """The version that is current now. Raises NothingPublished when there is none."""
    return Results(str(directory), Published.current(directory).version)


@st.cache_resource(max_entries=3, show_spinner=False)
def _published(directory: str, version: str) -> Published:
    return Published(Path(directory), version)


@st.cache_data(max_entries=600, show_spinner=False)
def _rows(
    directory: str, version: str, sql: str, needs: tuple[str, ...], parameters: tuple[tuple[str, Parameter], ...]
) -> pl.DataFrame:
    return _read(directory, version, sql, needs, dict(parameters))


def _read(
    directory: str, version: str, sql: str, needs: tuple[str, ...], parameters: Mapping[str, Parameter]
) -> pl.DataFrame:
    published = _published(directory, version)
    if not set(needs) <= set(published.tables):
        return pl.DataFrame()
    return published.query(sql, parameters)
