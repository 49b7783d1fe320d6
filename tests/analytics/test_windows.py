"""Days of a KPI -> windows and scopes, worked out by hand, and sums that do not depend on how time is cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analytics.platform.period import compute as periods_of
from analytics.windows import in_windows

Day = tuple[date, str, str | None, float | None, float | None, int | None]


def daily(*rows: Day) -> pl.DataFrame:
    schema = {
        "day": pl.Date, "service": pl.String, "team": pl.String, "numerator": pl.Float64, "denominator": pl.Float64,
        "n": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def windows(*rows: tuple[str, date, date]) -> pl.DataFrame:
    midnight = [(grain, datetime(*a.timetuple()[:3]), datetime(*b.timetuple()[:3])) for grain, a, b in rows]
    schema = {"grain": pl.String, "period_start": pl.Datetime("us"), "period_end": pl.Datetime("us")}
    return pl.DataFrame(midnight, schema=schema, orient="row")


def sums(frame: pl.DataFrame) -> dict[tuple[str, str], tuple[float | None, float | None, int]]:
    return {(grain, scope): (a, b, n) for grain, _, _, scope, a, b, n in frame.rows()}


def test_windows_are_half_open_and_weeks_go_over_the_year() -> None:
    days = daily(
        (date(2026, 9, 30), "chat", None, 9, 10, 10),
        (date(2026, 10, 1), "chat", None, 990, 1000, 1000),  # the 1st is the new quarter's
        (date(2026, 12, 31), "embed", None, 50, 100, 100),
        (date(2027, 1, 3), "embed", None, 100, 100, 100),  # in the ISO week that began in December, not in the quarter
        (date(2027, 1, 4), "embed", None, 0, 7, 7),
    )
    found = in_windows(
        days,
        windows(
            ("month", date(2026, 9, 1), date(2026, 10, 1)),
            ("quarter", date(2026, 10, 1), date(2027, 1, 1)),
            ("week", date(2026, 12, 28), date(2027, 1, 4)),
        ),
        ["service"],
    )
    assert sums(found) == {
        ("month", "platform"): (9, 10, 10),
        ("month", "service:chat"): (9, 10, 10),
        # 1040 of 1100 = 0.945, while the mean of 0.99 and 0.5 is 0.745
        ("quarter", "platform"): (1040, 1100, 1100),
        ("quarter", "service:chat"): (990, 1000, 1000),
        ("quarter", "service:embed"): (50, 100, 100),
        ("week", "platform"): (150, 200, 200),
        ("week", "service:embed"): (150, 200, 200),
    }


def test_a_team_sums_its_services_and_a_row_without_a_team_is_in_no_teams() -> None:
    days = daily(
        (date(2026, 10, 5), "a", "search", 9, 10, 10),
        (date(2026, 10, 5), "b", "search", 9, 10, 10),
        (date(2026, 10, 6), "c", None, 0, 1, 1),
    )
    found = sums(in_windows(days, windows(("month", date(2026, 10, 1), date(2026, 11, 1))), ["service", "team"]))
    assert found["month", "team:search"] == (18, 20, 20)
    assert found["month", "platform"] == (18, 21, 21)
    assert {scope for _, scope in found} == {"platform", "team:search", "service:a", "service:b", "service:c"}


def test_a_sum_of_nothing_known_is_unknown_and_not_zero() -> None:
    days = daily((date(2026, 10, 5), "a", None, None, None, None), (date(2026, 10, 6), "b", None, 1, 2, 2))
    found = sums(in_windows(days, windows(("month", date(2026, 10, 1), date(2026, 11, 1))), ["service"]))
    assert found["month", "service:a"] == (None, None, 0)
    assert found["month", "platform"] == (1, 2, 2)


def test_no_days_are_no_rows() -> None:
    assert in_windows(daily(), windows(("month", date(2026, 10, 1), date(2026, 11, 1))), ["service"]).is_empty()


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 50), st.sampled_from(["a", "b", None])), min_size=1))
def test_every_grain_has_the_same_total(rows: list[tuple[int, int, str | None]]) -> None:
    first = date(2026, 1, 14)
    days = daily(*[(first + timedelta(days=offset), "s", team, n, n, n) for offset, n, team in rows])
    span = pl.DataFrame({"facts_from": [datetime(2026, 1, 14)], "facts_to": [None], "now": [datetime(2027, 3, 1)]})
    found = in_windows(days, periods_of({"fact_span": span}), ["team"])
    total = sum(n for _, n, _ in rows)
    platform = found.filter(pl.col("scope") == "platform").group_by("grain").agg(pl.col("n").sum())
    assert dict(platform.rows()) == dict.fromkeys(("week", "month", "quarter"), total)
    teams = found.filter(pl.col("scope").str.starts_with("team:"), pl.col("grain") == "month")["n"].sum()
    assert teams == sum(n for _, n, team in rows if team is not None)
