"""What goes wrong for objectives and alerts to find: counted in the samples themselves."""

from __future__ import annotations

from collections import defaultdict

import numpy as np


def increases(metric, start: int, stop: int, label: str, **equal: str) -> dict[str, int]:
    """How much the counters grew from the sample before point `start` to the one before `stop`, by a label."""
    sums: dict[str, int] = defaultdict(int)
    for one in metric.series:
        if all(one.labels[name] == value for name, value in equal.items()):
            sums[one.labels[label]] += int(one.values[stop - 1] - one.values[start - 1])
    return sums


def test_three_of_ten_requests_of_code_assist_fail_for_a_quarter_of_an_hour(month):
    points = month.platform.grid.span(*month.platform.calendar.failed_rollout)
    assert points.stop - points.start == 3
    codes = {"reporter": "destination", "destination_service_name": "code-assist"}
    inside = increases(month.metrics["istio_requests_total"], points.start, points.stop, "response_code", **codes)
    assert 0.24 < inside["503"] / sum(inside.values()) < 0.36
    after = increases(month.metrics["istio_requests_total"], points.stop, points.stop + 100, "response_code", **codes)
    assert after["503"] / sum(after.values()) < 0.003


def test_fraud_score_burns_slowly_to_the_end(month):
    platform = month.platform
    start, end = platform.grid.index(platform.calendar.slow_burn), platform.grid.index(platform.end.timestamp())
    counts = month.metrics["kn_serving_invocation_duration_seconds_count"]
    codes = increases(counts, start, end, "http_response_status_code", kn_service_name="fraud-score")
    assert 0.0032 < codes["500"] / sum(codes.values()) < 0.0040
    before = increases(counts, start - 288, start, "http_response_status_code", kn_service_name="fraud-score")
    assert before["500"] / sum(before.values()) < 0.0009


def test_the_queue_of_translate_fills_and_empties_every_ten_minutes(month):
    platform = month.platform
    points = platform.grid.span(*platform.calendar.flapping_queue)
    (queue,) = [
        one for one in month.metrics["vllm:num_requests_waiting"].series if one.labels["service"] == "translate"
    ]
    full = queue.values[points] >= 40
    assert full.sum() == 24
    assert np.count_nonzero(np.diff(full)) == 23
    assert (np.delete(queue.values, np.arange(points.start, points.stop)) < 40).all()


def test_half_of_what_summarize_is_asked_fails_from_before_the_end_to_after_it(month):
    platform = month.platform
    points = platform.grid.span(*platform.calendar.broken_memory)
    assert points.start < platform.grid.index(platform.end.timestamp()) < points.stop
    codes = {"reporter": "destination", "destination_service_name": "summarize"}
    inside = increases(month.metrics["istio_requests_total"], points.start, points.stop, "response_code", **codes)
    assert 0.43 < inside["503"] / sum(inside.values()) < 0.57
    day = increases(month.metrics["istio_requests_total"], points.start - 288, points.start, "response_code", **codes)
    assert day["503"] / sum(day.values()) < 0.003


def test_one_gpu_shows_an_nvlink_error_until_its_driver_restarts_and_one_a_memory_error(month):
    platform = month.platform
    points = platform.grid.span(*platform.calendar.broken_link)
    memory = platform.grid.span(*platform.calendar.broken_memory)
    shown = defaultdict(int)
    for one in month.metrics["DCGM_FI_DEV_XID_ERRORS"].series:
        for code, when in ((74, points), (95, memory)):
            for point in one.points[one.values == code].tolist():
                shown[one.labels["Hostname"], one.labels["gpu"], code] += 1
                assert when.start <= point < when.stop
        assert set(one.values.tolist()) <= {0, 74, 95}
    assert shown == {
        ("ust1-h100-01", "2", 74): points.stop - points.start, ("use1-h100-01", "5", 95): memory.stop - memory.start
    }  # fmt: skip
    owners = {
        one.labels.get("exported_pod")
        for one in month.metrics["DCGM_FI_DEV_XID_ERRORS"].series
        if (one.values[one.points == points.start] == 74).any()
    }
    assert owners == {None} or all(owner and owner.startswith("train-") for owner in owners)
