"""The windows and factors are those of the Site Reliability Workbook and of Sloth, recorded."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from analytics.reliability.burn_windows import MINUTE, burn_factor, burn_rules, window_files

PUBLISHED = json.loads((Path(__file__).parents[2] / "data" / "slo" / "burn_windows.json").read_text())
UNIT = {"m": MINUTE, "h": 60 * MINUTE, "d": 1440 * MINUTE}


def span(text: str) -> timedelta:
    return int(text[:-1]) * UNIT[text[-1]]


@pytest.mark.parametrize("period", PUBLISHED["sloth"])
def test_rules_are_those_of_sloth(period: str) -> None:
    expected = {
        one["name"]: (one["budget_percent"] / 100, one["long_min"] * MINUTE, one["short_min"] * MINUTE)
        for one in PUBLISHED["sloth"][period]
    }
    rules = burn_rules(span(period))
    assert {one.name: (one.budget, one.long, one.short) for one in rules} == expected
    factors = {one["name"]: one["factor"] for one in PUBLISHED["sloth"][period]}
    assert {one.name: one.factor for one in rules} == pytest.approx(factors, rel=1e-12)


def test_the_table_of_the_workbook_is_among_them() -> None:
    ours = {(one.severity, one.long, one.short): (one.factor, one.budget) for one in burn_rules(span("30d"))}
    for line in PUBLISHED["sre_workbook_table_5_8"]:
        factor, budget = ours[line["severity"], span(line["long"]), span(line["short"])]
        assert (factor, budget) == (line["burn_rate"], line["budget_consumed"])


@pytest.mark.parametrize(
    "case", PUBLISHED["detection_time"], ids=lambda one: f"{one['rule']}-{one['goal']}-{one['error_rate']}"
)
def test_a_rule_detects_after_the_published_time(case: dict[str, str | float | None]) -> None:
    long_text, _, factor_text = str(case["rule"]).partition(" x")
    allowed = 1 - float(str(case["goal"]))
    threshold, rate, long = float(factor_text) * allowed, float(str(case["error_rate"])), span(long_text) / MINUTE
    assert threshold == pytest.approx(case["threshold_error_ratio"])
    expected = threshold / rate * long if rate > threshold * (1 + 1e-9) else None
    assert expected == pytest.approx(case["minutes_to_detect_after_clean_period"])


def test_longer_periods_are_looked_at_in_longer_windows_and_shorter_in_shorter() -> None:
    """A quarter of 90 days is three times 30: the same factors in three times the windows. A day is a seventh of a
    week."""
    quarter = burn_rules(timedelta(days=90))
    assert [(one.long / MINUTE, one.short / MINUTE) for one in quarter] == [
        (180, 15),
        (1080, 90),
        (4320, 360),
        (12960, 1080),
    ]
    assert [one.factor for one in quarter] == [14.4, 6, 3, 1]
    month = burn_rules(timedelta(days=31))
    assert [one.long for one in month] == [one.long for one in burn_rules(timedelta(days=30))]
    assert month[0].factor == pytest.approx(0.02 * 31 * 24)
    day = burn_rules(timedelta(days=1))
    assert day[0].long == 9 * MINUTE
    assert day[0].factor == pytest.approx(0.08 * 1440 / 9)


def test_every_period_has_windows_that_fit_in_it() -> None:
    for minutes in (30, 60, 600, 1440, 5000, 10080, 20160, 43200, 60000, 525600):
        for rule in burn_rules(minutes * MINUTE):
            assert MINUTE <= rule.short < rule.long <= minutes * MINUTE
            assert rule.factor == pytest.approx(burn_factor(rule.budget, minutes * MINUTE, rule.long))
    with pytest.raises(ValueError, match="too short"):
        burn_rules(10 * MINUTE)


def test_only_pages_are_guarded_by_a_number_of_bad_events() -> None:
    for days in (7, 28, 30):
        assert {one.severity: one.min_bad > 0 for one in burn_rules(timedelta(days=days))} == {
            "page": True,
            "ticket": False,
        }


def test_windows_are_taken_by_name_or_from_a_file_of_ones_own(tmp_path: Path) -> None:
    assert window_files() == ("google-28d", "google-30d", "google-7d")
    fortnight = burn_rules(timedelta(days=14), "google-7d")
    assert [one.factor for one in fortnight] == pytest.approx([26.88, 7, 2.8, 1.96])
    own = tmp_path / "own.yaml"
    own.write_text(
        "period_days: 30\nrules: [{name: only, severity: page, budget: 0.5, long_minutes: 100, short_minutes: 10}]"
    )
    (only,) = burn_rules(timedelta(days=90), own)
    assert (only.name, only.long, only.short) == ("only", 100 * MINUTE, 10 * MINUTE)
    assert only.factor == pytest.approx(0.5 * 90 * 1440 / 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: [", "is not YAML"),
        ("period_days: 30\nrules: []", "rules: Tuple should have at least 1 item"),
        (
            "period_days: 30\nrules: [{name: a, severity: loud, budget: 1, long_minutes: 9, short_minutes: 1}]",
            "severity",
        ),
        (
            "period_days: 30\nrules: [{name: a, severity: page, budget: 1, long_minutes: 9, short_minutes: 9}]",
            "shorter",
        ),
        (
            "period_days: 30\nrules: [{name: a, severity: page, budget: 1, long_minutes: 99999, short_minutes: 9}]",
            "longer",
        ),
    ],
)
def test_windows_that_cannot_be_used_are_refused_with_what_is_wrong(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=expected):
        burn_rules(timedelta(days=30), file)


def test_windows_that_are_not_there_are_named() -> None:
    with pytest.raises(ValueError, match="expected one of google-28d, google-30d, google-7d"):
        burn_rules(timedelta(days=30), "google-31d")
    with pytest.raises(ValueError, match="cannot be read"):
        burn_rules(timedelta(days=30), Path("nowhere.yaml"))
