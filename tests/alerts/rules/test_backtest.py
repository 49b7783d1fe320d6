"""A backtest says what the evaluation would have done, and which incidents it would have told of."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from alert_rules import MINUTE, T0, rows, rule, source
from alerts.rules.backtest import Backtest, Sleep, backtest
from alerts.rules.backtest_text import backtest_text
from alerts.rules.burn_history import burn_history
from alerts.rules.evaluate import Evaluator
from alerts.rules.load import default_rules
from alerts.rules.model import Rule
from warehouse.alert_log.log import AlertLog
from warehouse.publication import publish
from warehouse.published import Published

COLUMNS = ("source", "id", "service", "created_at", "resolved_at", "outcome")
SINCE, UNTIL = T0 - timedelta(days=29), T0 + timedelta(days=1)
PAGED = {"severity": "page", "labels": ["service"], "absent_after": "1d", "flapping": None}
TWO_PAGES = rows(
    (0, "chat", 1), (60, "chat", 11), (90, "chat", 1), (600, "chat", 11), (610, "chat", 1), columns=("service", "value")
)  # fmt: skip


def incidents(*found: tuple) -> pl.DataFrame:
    """Rows (source, id, service, minute of T0 of its begin, of its end, outcome)."""

    def at(minute: float | None) -> datetime | None:
        return None if minute is None else (T0 + minute * MINUTE).replace(tzinfo=None)

    made = [(source, id_, service, at(begin), at(end), outcome) for source, id_, service, begin, end, outcome in found]
    schema = dict.fromkeys(COLUMNS, pl.String) | dict.fromkeys(("created_at", "resolved_at"), pl.Datetime("us"))
    return pl.DataFrame(made, schema=schema, orient="row")


def run(frame: pl.DataFrame, known: pl.DataFrame | None, tested: Rule | None = None) -> Backtest:
    return backtest(tested or rule(**PAGED), frame, known, SINCE, UNTIL)


@pytest.mark.parametrize(
    ("incident", "belongs"),
    [
        (("pd", "1", "chat", 70, 80, None), True),
        (("pd", "1", "chat", 119, 130, None), True),  # opened within half an hour after its end
        (("pd", "1", "chat", 121, 130, None), False),
        (("pd", "1", "chat", 1, 30, None), True),  # over half an hour before it began
        (("pd", "1", "chat", 1, 29, None), False),
        (("pd", "1", "rank", 70, 80, None), False),
        (("pd", "1", None, 70, 80, None), True),  # of no service in particular
        (("pd", "1", "chat", 70, None, None), True),  # still open: belongs to both
        (("pd", "1", "chat", 70, 80, "noise"), False),
        (("pd", "1", "chat", 70, 80, "planned"), False),
        (("meterline", "1", "chat", 70, 80, "unknown"), False),  # a page proves no page
        (("meterline", "1", "chat", 70, 80, "actionable"), True),
    ],
)
def test_an_incident_belongs_to_the_page_around_it(incident: tuple, belongs: bool) -> None:
    found = run(TWO_PAGES, incidents(incident))
    assert found.pages == 2
    assert bool(found.firings[0].incidents) == belongs
    assert found.with_incident == (0 if not belongs else 2 if incident[4] is None else 1)


def test_figures_of_a_month_worked_by_hand() -> None:
    """One page of 30 minutes at 11:00 and one of 10 minutes at 20:00, both UTC, on a Monday; history of 25 hours."""
    found = run(TWO_PAGES, incidents(("pd", "1", "chat", 70, 80, None), ("pd", "2", "chat", 300, 310, None)))
    assert (found.pages, found.tickets, found.with_incident, found.incidents, found.missed) == (2, 0, 1, 2, 1)
    assert (found.median_duration, found.longest_duration) == (20 * MINUTE, 30 * MINUTE)
    assert found.per_week == pytest.approx(2 * 7)  # of the day that is known
    assert found.in_sleep == 0
    assert found.firings[0].incidents == ("pd/1",)
    assert backtest_text(found).splitlines() == [
        "on the last 30 days: 2 pages, 1 of them with an incident",
        "14.0 a week, 0 in sleeping hours (22:00 to 08:00 UTC)",
        "half of them lasted at most 20 min, the longest 30 min",
        "1 incident of these services without one",
        "5 readings of 1 series, 2026-10-05 10:00 to 2026-10-05 20:10 UTC; there is no history before",
    ]


def test_sleep_is_by_the_clocks_of_the_people() -> None:
    tokyo = Sleep(zone=ZoneInfo("Asia/Tokyo"))  # 20:00 UTC is 05:00 there
    assert backtest(rule(**PAGED), TWO_PAGES, None, SINCE, UNTIL, tokyo).in_sleep == 1
    assert tokyo.holds(datetime(2026, 10, 5, 13, tzinfo=UTC))
    assert not tokyo.holds(datetime(2026, 10, 4, 23, tzinfo=UTC))
    assert Sleep(time(1), time(5)).holds(datetime(2026, 10, 5, 1, tzinfo=UTC))
    assert not Sleep(time(1), time(5)).holds(datetime(2026, 10, 5, 5, tzinfo=UTC))


def test_tickets_pages_of_columns_and_what_still_fires() -> None:
    frame = rows((0, "a", "page", 11), (0, "b", "ticket", 11), (5, "b", "ticket", 1),
                 columns=("service", "severity", "value"))  # fmt: skip
    found = run(frame, None)
    assert (found.pages, found.tickets) == (1, 1)
    assert found.firings[0].ended is None
    assert found.longest_duration == UNTIL - T0
    text = backtest_text(found)
    assert text.startswith("on the last 30 days: 1 page, no incidents are known to compare with; 1 ticket beside them")
    only = backtest_text(run(frame, incidents(), rule(**PAGED | {"severity": "ticket"})))
    assert only.startswith("on the last 30 days: 1 page, 0 of them")


def test_without_history_the_text_says_so() -> None:
    nothing = run(rows(columns=("service", "value")), None)
    assert "the signal has no rows" in backtest_text(nothing)
    snapshot = run(rows((0, "a", 1), columns=("service", "value")), None, rule(**PAGED, snapshot=True))
    assert "has no history" in backtest_text(snapshot)


def test_damped_flaps_are_counted_and_are_no_pages() -> None:
    frame = rows(*((minute, "a", 11 if minute % 2 == 0 else 1) for minute in range(10)), columns=("service", "value"))
    plain = run(frame, None)
    damped = run(frame, None, rule(**PAGED | {"flapping": {"changes": 4, "within": "1h"}}))
    assert (plain.pages, plain.flaps_damped) == (5, 0)
    assert (damped.pages, damped.flaps_damped) == (2, 7)
    assert "7 changes of flapping alerts not told" in backtest_text(damped)


def test_it_says_what_the_evaluation_does(tmp_path: Path) -> None:
    """Evaluated minute by minute, the log has the same episodes."""
    values = [11, 11, 1, 1, 11, 11, 11, None, 11, 1, 1, 11, 11, 9.5, 1, 1]
    frame = rows(*((minute, "a", value) for minute, value in enumerate(values)), columns=("service", "value"))
    tested = rule(**PAGED, wait="1m", clear=0.9, every="1m")
    with AlertLog(tmp_path) as log:
        for minute in range(1, 17):
            Evaluator(log, [tested], {"sql": source(frame)}).run(T0 + minute * MINUTE, due_only=False)
        episodes = [(row["started_at"], row["ended_at"]) for row in log.rows("SELECT * FROM episode ORDER BY fired_at")]
    firings = [(one.began, one.ended) for one in run(frame, None, tested).firings]
    assert len(firings) == 3
    micro = timedelta(microseconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert [((a - epoch) // micro, b and (b - epoch) // micro) for a, b in firings] == episodes


def test_burn_rates_are_replayed_from_the_published_events(tmp_path: Path) -> None:
    def event(slo: str, severity: str, begin: int, end: int) -> dict[str, object]:
        begins, ends = ((T0 + minute * MINUTE).replace(tzinfo=None) for minute in (begin, end))
        return {"slo": slo, "objective": "o", "service": slo, "team": "t", "rule": "1h", "severity": severity,
                "started_at": begins, "ended_at": ends, "peak_burn": 20.0}  # fmt: skip

    events = [event("chat", "page", 0, 10), event("chat", "page", 12, 20), event("rank", "ticket", 5, 6)]
    publish(tmp_path, {"slo_event": pl.DataFrame(events)}, T0)
    (burn,) = [one for one in default_rules() if one.name == "slo_burn"]
    source = burn_history(Published.current(tmp_path))["slo"]

    def told(tested: Rule) -> list[tuple[str, str, float, float]]:
        found = run(source(tested, SINCE, UNTIL), None, tested).firings
        assert all(one.ended for one in found)
        return [
            (one.labels["slo"], one.labels["severity"], (one.began - T0) / MINUTE, (one.ended - T0) / MINUTE)
            for one in found
        ]

    plain = burn.model_copy(update={"flapping": None})
    assert told(plain) == [("chat", "page", 0, 10), ("rank", "ticket", 5, 6), ("chat", "page", 12, 20)]
    assert told(burn)[-1] == ("chat", "page", 12, 80), "four changes: held until an hour after the last"
    patient = plain.model_copy(update={"wait": 9 * MINUTE, "keep_firing_for": 5 * MINUTE})
    assert told(patient) == [("chat", "page", 9, 25)]
