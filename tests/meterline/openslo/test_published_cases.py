"""What OpenSLO v1 allows is read, what it does not is refused with the rule's name. See tests/data/slo."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from meterline.config.load import InvalidConfiguration
from meterline.openslo.load import load_slos
from meterline.openslo.rules import RULES

CASES = Path(__file__).parents[2] / "data" / "slo" / "openslo"
RULE_AND_PLACE = {
    "target_is_1": ("target-range", ":28: SLO chat-availability (object 1): spec.objectives[0].target: '1.0': "),
    "no_target": ("target-once", ":28: SLO chat-availability (object 1): spec.objectives[0]: "),
    "not_rolling_no_calendar": ("calendar-required", ":24: SLO chat-availability (object 1): spec.timeWindow[0]: "),
    "bad_timezone": ("time-zone", "spec.timeWindow[0].calendar.timeZone: 'Mars/X': "),
    "start_time_with_T": ("start-time", "spec.timeWindow[0].calendar.startTime: '2026-01-01T00:00:00Z': "),
    "duration_30days": ("duration", "spec.timeWindow[0].duration: '30days': "),
    "timeslices_without_target": ("time-slices", ":28: SLO chat-availability (object 1): spec.objectives[0].timeSlice"),
    "no_indicator": ("indicator", ":5: SLO chat-availability (object 1): spec: "),
    "ratio_with_op": ("ratio-without-op", ":29: SLO chat-availability (object 1): spec.objectives[0].op: 'lt': "),
    "good_and_bad": ("good-or-bad", "spec.indicator.spec.ratioMetric: "),
    "name_64": ("name-length", ":4: SLO aaaa"),
    "v1alpha": ("v1alpha", ":1: SLO chat-availability (object 1): apiVersion: 'openslo/v1alpha': "),
}


def test_every_case_is_looked_at() -> None:
    names = set(json.loads((CASES / "invalid.json").read_text()))
    assert names == set(RULE_AND_PLACE) == {path.stem for path in (CASES / "invalid").iterdir()}
    assert {rule for rule, _ in RULE_AND_PLACE.values()} <= set(RULES)


@pytest.mark.parametrize("name", sorted(RULE_AND_PLACE))
def test_what_is_refused_is_refused_with_the_rules_name(name: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_slos([f"invalid/{name}.yaml"], CASES)
    (problem,) = caught.value.problems
    rule, place = RULE_AND_PLACE[name]
    assert problem.startswith(str(CASES / "invalid" / f"{name}.yaml:"))
    assert place in problem
    assert problem.endswith(f"{RULES[rule]} (rule {rule})")


def test_v1alpha_is_refused_with_how_to_convert_it() -> None:
    with pytest.raises(InvalidConfiguration, match=r"timeWindow \[\{duration: 30d, isRolling: true\}\]"):
        load_slos(["invalid/v1alpha.yaml"], CASES)


def test_all_seven_kinds() -> None:
    slos = load_slos(["valid/full_set.yaml"], CASES)
    assert [one.kind for one in slos.documents] == [
        "Service", "DataSource", "SLI", "SLI", "AlertNotificationTarget", "AlertCondition", "AlertPolicy", "SLO", "SLO",
    ]  # fmt: skip
    ttft, busy = slos.objectives
    assert (ttft.slo, ttft.objective, ttft.target, ttft.method) == (
        "chat-ttft",
        "good",
        Decimal("0.995"),
        "Occurrences",
    )
    assert (ttft.team, ttft.tier, ttft.owner) == ("serving", 1, "serving")  # labels of the Service
    assert (ttft.indicator.sli, ttft.indicator.source, ttft.indicator.kind) == ("ttft", "prom", "ratio")
    assert ttft.indicator.definition == {
        "good": 'vllm:time_to_first_token_seconds_bucket{le="2.5"}',  # the sum's series, so that resets are seen
        "total": "vllm:time_to_first_token_seconds_count",
        "counter": True,
    }
    # the policy as written: one hour, a twelfth of it, and 14.4 x 1 h of 28 d is 2.14 % of the budget
    (alert,) = ttft.alerts
    assert (alert.rule, alert.severity, alert.factor) == ("page-fast", "page", 14.4)
    assert (alert.long, alert.short) == (timedelta(hours=1), timedelta(minutes=5))
    assert alert.budget == pytest.approx(14.4 / (28 * 24))
    assert (busy.window.kind, str(busy.window.span), busy.window.start, busy.window.zone) == (
        "calendar", "1M", "2026-01-01 00:00:00", "Europe/Berlin",
    )  # fmt: skip
    assert (busy.method, busy.slice_target, busy.slice) == ("Timeslices", 0.9, timedelta(minutes=5))
    assert busy.indicator.definition == {"query": "avg(DCGM_FI_DEV_GPU_UTIL)", "op": "gte", "value": 40}
    assert busy.indicator.sli == "gpu-busy-monthly/95"
    # a month is usually 30 days: the factors of the SRE workbook
    assert [(one.severity, one.factor) for one in busy.alerts] == [
        ("page", 14.4), ("page", 6), ("ticket", 3), ("ticket", 1),
    ]  # fmt: skip


def test_the_smallest_one() -> None:
    (one,) = load_slos(["valid/minimal_ratio.yaml"], CASES).objectives
    assert (one.slo, one.objective, one.indicator.sli) == ("chat-availability", "99.9", "chat-availability")
    assert (one.window.span.length, one.window.kind) == (timedelta(days=30), "rolling")
