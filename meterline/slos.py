"""Published SLOs as rows of plain values: how each objective stands and how fast its budget burns."""

from __future__ import annotations

from dataclasses import dataclass

from meterline.results import Row, rows_of
from warehouse.published import Published

ORDER = ("breached", "burning", "no_data", "no_traffic", "met")


@dataclass(frozen=True, slots=True)
class SloStates:
    """Rows of slo_status, the most urgent first, each with `burn_rates`: the burn rate by window, shortest first.

    `breached` and `unmeasured` name objectives that are broken, or of which nothing is known.
    """

    rows: list[Row]
    breached: tuple[str, ...]
    unmeasured: tuple[str, ...]


def slos(published: Published, service: str | None = None) -> SloStates:
    """All objectives, or those of one service."""
    rows = rows_of(
        published,
        "slo_status",
        """
        SELECT * FROM slo_status WHERE $service IS NULL OR service = $service
        ORDER BY list_position($states, state), coalesce(severity, 'zzz'), budget_left_ratio NULLS LAST, slo, objective
        """,
        {"service": service, "states": list(ORDER)},
    )
    burns = rows_of(
        published,
        "slo_burn",
        'SELECT DISTINCT slo, objective, "window", window_s, burn_rate FROM slo_burn ORDER BY window_s',
    )
    rates: dict[tuple[str, str], dict[str, float | None]] = {}
    for burn in burns:
        rates.setdefault((burn["slo"], burn["objective"]), {})[burn["window"]] = burn["burn_rate"]
    for row in rows:
        row["burn_rates"] = rates.get((row["slo"], row["objective"]), {})
    return SloStates(rows, tuple(_named(rows, "breached")), tuple(_named(rows, "no_data")))


def _named(rows: list[Row], state: str) -> list[str]:
    return [f"{row['slo']} {row['objective']}" for row in rows if row["state"] == state]
