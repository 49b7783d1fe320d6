"""Budgets: periods, positions in days of 23 to 25 hours, projections, states and events."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.economics.budget import (
    Known,
    Pace,
    Period,
    Spending,
    elapsed_days,
    known_at,
    period_of,
    periods,
    position,
    projected,
)
from analytics.economics.budget_state import Budget, crossed, events_of, state_of

BERLIN = ZoneInfo("Europe/Berlin")
PACE = Pace(7, Fraction(1, 4))
OCTOBER = Period("month", date(2026, 10, 1), date(2026, 11, 1))
THRESHOLDS = (Decimal("0.5"), Decimal("0.8"), Decimal("1.0"))
COST = st.fractions(0, 1000, max_denominator=1000)
DAILY = st.dictionaries(st.integers(0, 30).map(lambda number: OCTOBER.start + timedelta(number)), COST)
SPENDING = st.builds(Spending, DAILY, st.fractions(-50, 50, max_denominator=100))
UNTIL = st.fractions(0, 32, max_denominator=48).map(lambda days: Known(OCTOBER.start.toordinal() + days))
BUDGET = st.builds(lambda cents: Budget("team:a", "month", Decimal(cents) / 100, THRESHOLDS), st.integers(1, 4_000_000))


def test_calendar_months_and_quarters() -> None:
    assert period_of("month", date(2028, 2, 29)) == Period("month", date(2028, 2, 1), date(2028, 3, 1))
    assert period_of("quarter", date(2026, 12, 31)) == Period("quarter", date(2026, 10, 1), date(2027, 1, 1))
    found = list(periods("quarter", date(2025, 11, 15), date(2026, 10, 1)))
    assert [period.start for period in found] == [
        date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1),
    ]  # fmt: skip
    assert [period.days for period in found] == [92, 90, 91, 92, 92]


@pytest.mark.parametrize(
    ("moment", "day", "part"),
    [
        (datetime(2026, 10, 24, 22), date(2026, 10, 25), Fraction(0)),  # midnight, UTC+2
        (datetime(2026, 10, 25, 11), date(2026, 10, 25), Fraction(13, 25)),
        (datetime(2026, 10, 25, 22, 59, 59), date(2026, 10, 25), Fraction(25 * 3600 - 1, 25 * 3600)),
        (datetime(2026, 10, 25, 23), date(2026, 10, 26), Fraction(0)),  # midnight, UTC+1
        (datetime(2027, 3, 28, 10), date(2027, 3, 28), Fraction(11, 23)),
    ],
)
def test_a_day_of_the_time_zone_may_have_23_or_25_hours(moment: datetime, day: date, part: Fraction) -> None:
    assert position(moment.replace(tzinfo=UTC), BERLIN) == day.toordinal() + part


def test_what_is_known_ends_with_the_facts_and_not_after_now() -> None:
    now, earlier, later = (datetime(2026, 10, day, tzinfo=UTC) for day in (10, 8, 12))
    zone = ZoneInfo("UTC")
    assert known_at(now, None, None, zone) == Known(Fraction(now.toordinal()))
    assert known_at(now, earlier, later, zone) == Known(Fraction(now.toordinal()), Fraction(earlier.toordinal()))
    assert known_at(now, None, earlier, zone).day == date(2026, 10, 8)


def test_facts_that_begin_within_the_period_make_no_cheap_days() -> None:
    """Facts from 18:00 on the 10th: two full days of 4.00 since, the 6 hours before them are spent and no pace."""
    start = OCTOBER.start.toordinal()
    known = Known(Fraction(start + 12), start + 9 + Fraction(18, 24))
    spending = Spending(
        {date(2026, 10, 10): Fraction(1), date(2026, 10, 11): Fraction(4), date(2026, 10, 12): Fraction(4)}
    )
    assert projected(spending, OCTOBER, known, PACE) == 9 + 4 * 19
    # half a day after they began there is no full day: 2.00 in half a day is 4.00 a day
    young = Known(start + 10 + Fraction(6, 24), known.since)
    spending = Spending({date(2026, 10, 10): Fraction(1), date(2026, 10, 11): Fraction(1)})
    assert projected(spending, OCTOBER, young, PACE) == 2 + 4 * (31 - 10 - Fraction(1, 4))


@given(SPENDING, UNTIL)
def test_a_projection_is_at_least_what_is_spent_and_in_the_end_just_that(spending: Spending, known: Known) -> None:
    end = projected(spending, OCTOBER, known, PACE)
    if end is None:
        assert elapsed_days(OCTOBER, known) < PACE.least
        return
    assert end >= spending.total
    if elapsed_days(OCTOBER, known) == OCTOBER.days:
        assert end == spending.total


@given(COST, st.integers(1, 31))
def test_an_even_pace_is_projected_exactly(cost: Fraction, days: int) -> None:
    daily = {OCTOBER.start + timedelta(number): cost for number in range(days)}
    assert projected(Spending(daily), OCTOBER, Known(Fraction(OCTOBER.start.toordinal() + days)), PACE) == 31 * cost


@given(BUDGET, SPENDING, UNTIL)
def test_states(budget: Budget, spending: Spending, known: Known) -> None:
    spent, end = spending.total, projected(spending, OCTOBER, known, PACE)
    state = state_of(budget, OCTOBER, spent, end, known)
    assert (state == "over") == (spent > budget.amount)
    if state == "projected_over":
        assert end is not None
        assert spent <= budget.amount < end
    if state == "warning":
        assert crossed(budget, spent) is not None


@given(BUDGET, SPENDING, UNTIL, COST)
def test_events_are_the_same_when_computed_again_and_stay_when_more_is_spent(
    budget: Budget, spending: Spending, known: Known, more: Fraction
) -> None:
    def ids(one: Spending) -> dict[str, date]:
        found = list(events_of(budget, OCTOBER, one, known, PACE))
        assert len({event.event_id for event in found}) == len(found)
        return {event.event_id: event.at for event in found if event.kind == "spent"}

    backwards = Spending(dict(reversed(spending.daily.items())), spending.other)
    first = ids(spending)
    assert first == ids(backwards)
    day = OCTOBER.start + timedelta(3)
    later = ids(Spending({**spending.daily, day: spending.daily.get(day, Fraction(0)) + more}, spending.other))
    assert all(later[event] <= at for event, at in first.items())


@given(BUDGET, SPENDING, UNTIL)
def test_every_crossed_threshold_is_an_event_and_a_projection_beyond_is_one_too(
    budget: Budget, spending: Spending, known: Known
) -> None:
    events = list(events_of(budget, OCTOBER, spending, known, PACE))
    highest = crossed(budget, spending.total)
    if highest is not None and spending.total > 0:
        assert highest in [event.threshold for event in events if event.kind == "spent"]
    end = projected(spending, OCTOBER, known, PACE)
    current = 0 < elapsed_days(OCTOBER, known) < OCTOBER.days
    beyond = [event for event in events if event.kind == "projected"]
    assert bool(beyond) == bool(current and end is not None and end > budget.amount)
    assert all(OCTOBER.start <= event.at <= known.day for event in beyond)


def test_the_same_words_in_another_budget_are_another_event() -> None:
    spending = Spending({OCTOBER.start: Fraction(100)})
    known = Known(Fraction(OCTOBER.end.toordinal()))
    ids = {
        event.event_id
        for scope in ("team:a", "service:a")
        for period in (OCTOBER, period_of("month", OCTOBER.end), period_of("quarter", OCTOBER.start))
        for event in events_of(
            Budget(scope, period.kind, Decimal(50), THRESHOLDS),
            period,
            Spending({period.start: spending.total}),
            known,
            PACE,
        )
        if event.kind == "spent"
    }
    assert len(ids) == 2 * 3 * len(THRESHOLDS)
