"""Errors and counters of a device, whose series change with its owner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.prometheus import device_events
from collector.prometheus.settings import PrometheusSettings
from servers import prometheus
from servers.scrapes import Scrapes, at
from warehouse.database import Warehouse
from warehouse.interval import Interval, naive, parse_utc

T0 = 1_791_158_400_000
"""2026-10-05T00:00Z in milliseconds."""


def events(
    *series: Sequence[tuple[int, float]], emitters: Sequence[int] = (), owned: Sequence[bool] = (), code: bool = True
):
    """Rows (series, minute of the bucket, code or None, increase) of samples at minutes since T0."""
    rows = [(number, T0 + minute * 60_000, value) for number, one in enumerate(series) for minute, value in one]
    samples = pl.DataFrame(
        rows, schema={"series": pl.UInt32, "ts": pl.Int64, "value": pl.Float64}, orient="row", strict=False
    )
    found = device_events.roll_up(
        samples, pl.Series(emitters or [1] * len(series)), pl.Series(owned or [True] * len(series)), code=code
    )
    return [
        (row["series"], (row["bucket"] * 1000 - T0) // 60_000, row.get("max"), row["increase"])
        for row in found.iter_rows(named=True)
    ]


def test_a_code_is_an_event_when_it_comes_and_not_while_it_stays() -> None:
    assert events([(0, 0), (1, 79), (2, 79), (30, 79)]) == [(0, 0, 79, 1)]


def test_another_code_is_another_event_and_so_is_the_same_one_after_a_zero() -> None:
    assert events([(0, 0), (6, 48), (12, 63), (13, 0), (14, 63)]) == [(0, 5, 48, 1), (0, 10, 63, 2)]


def test_a_code_that_was_there_from_the_beginning_is_no_event() -> None:
    assert events([(0, 79), (1, 79)]) == []


def test_a_code_that_is_still_there_after_a_silence_is_no_event_and_a_new_one_is() -> None:
    assert events([(0, 0), (1, 79), (50, 79)]) == [(0, 0, 79, 1)]
    assert events([(0, 0), (50, 79)]) == [(0, 50, 79, 1)]
    assert events([(0, 0), (61, 79)]) == []  # nobody knows whether it came or went on


def test_the_next_owner_of_a_broken_device_is_not_blamed() -> None:
    """The pod of series 0 dies of it: seen first in the series without a pod, then in that of the next pod."""
    found = events([(0, 0), (1, 0)], [(2, 79), (3, 79)], [(4, 79), (5, 79)], owned=[True, False, True])
    assert found == [(0, 0, 79, 1)]


def test_two_exporters_of_a_device_do_not_make_each_others_codes_come_and_go() -> None:
    fast, slow = [(0, 0), (1, 79), (2, 79)], [(0, 0), (1, 0), (2, 79)]
    assert events(fast, slow, emitters=[1, 2]) == [(0, 0, 79, 1), (1, 0, 79, 1)]


def test_a_counter_goes_on_when_the_owner_changes() -> None:
    """The double-bit error that killed the pod shows in the series without one."""
    found = events([(0, 3), (1, 3)], [(2, 5), (3, 5)], owned=[True, False], code=False)
    assert found == [(0, 0, None, 2)]


def test_a_counter_of_the_driver_begins_again_at_zero() -> None:
    assert events([(0, 3), (6, 1), (12, 1)], code=False) == [(0, 5, None, 1)]


@given(st.lists(st.tuples(st.sampled_from([0, 0, 48, 79]), st.integers(0, 2)), max_size=60))
def test_events_do_not_depend_on_who_owns_the_device(story: list[tuple[int, int]]) -> None:
    """However the samples of a device are dealt out to owners, the events are those of one series."""
    whole = events([(minute, float(code)) for minute, (code, _) in enumerate(story)])
    dealt = [
        [(minute, float(code)) for minute, (code, who) in enumerate(story) if who == number] for number in range(3)
    ]
    assert sum(row[3] for row in events(*dealt)) == sum(row[3] for row in whole)


@pytest.mark.server
def test_a_broken_card_as_dcgm_exporter_tells_it(tmp_path: Path) -> None:
    """GPU-1 gets XID 79 at 10:00:40 and loses its pod; at 10:30 the next pod runs on it with the code still there.

    GPU-2 is shared by two pods and has 4 correctable errors at 11:00:10. GPU-3 is throttled in 3 scrapes.
    """
    scrapes = Scrapes()
    card = {"UUID": "GPU-1", "Hostname": "n1", "modelName": "NVIDIA H100", "instance": "n1:9400"}
    first, second = ({"exported_namespace": "search", "exported_pod": name} for name in ("chat-0", "chat-1"))
    scrapes.add("DCGM_FI_DEV_XID_ERRORS", 0, last="10:00:10", **card, **first)
    scrapes.add("DCGM_FI_DEV_XID_ERRORS", 79, first="10:00:40", last="10:29:40", **card)
    scrapes.add("DCGM_FI_DEV_XID_ERRORS", 79, first="10:30:10", **card, **second)
    scrapes.add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.5, **card, **first)
    shared = {**card, "UUID": "GPU-2"}
    for owner in (first, second):
        scrapes.add("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", lambda s: 4 if s >= at("11:00:10") else 0, **shared, **owner)
        scrapes.add("DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", lambda s: 94 if s >= at("11:00:10") else 90, **shared, **owner)
    hot = {**card, "UUID": "GPU-3"}
    scrapes.add(
        "DCGM_FI_DEV_THERMAL_VIOLATION",
        lambda s: 1e6 * min(max(round((s - at("09:00:10")) / 30) + 1, 0), 3), **hot, **first,
    )  # fmt: skip
    interval = Interval(parse_utc("2026-10-05T09:00"), parse_utc("2026-10-05T12:00"))
    with prometheus.loaded(scrapes.text, tmp_path / "server") as url, Warehouse.open(tmp_path / "data") as warehouse:
        for window in ("6h", "1h"):  # in one piece and in several: the same
            words = {
                "name": "prod",
                "type": "prometheus",
                "url": url,
                "profiles": ["dcgm"],
                "cluster": "c",
                "window": window,
            }
            settings = PrometheusSettings.model_validate(words)
            assert settings.facts == ("gpu_activity", "gpu_health")
            settings.open().collect(warehouse, interval, interval.end, lambda what, share: None)
            found = warehouse.query(
                "SELECT * EXCLUDE (source, profile, cluster, node, gpu_model) FROM gpu_health ORDER BY ts"
            ).rows()
            assert found == [
                ("GPU-3", "search", "chat-0", naive(parse_utc("2026-10-05T09:00")), "thermal_throttle", None, 3),
                ("GPU-1", "search", "chat-0", naive(parse_utc("2026-10-05T10:00")), "xid", 79, 1),
                ("GPU-2", None, None, naive(parse_utc("2026-10-05T11:00")), "ecc_single_bit", None, 4),
            ]
        assert warehouse.query("SELECT DISTINCT source, profile, cluster, node, gpu_model FROM gpu_health").rows() == [
            ("prod", "dcgm", "c", "n1", "NVIDIA-H100")
        ]
        assert warehouse.query("SELECT DISTINCT device FROM gpu_activity").rows() == [("GPU-1",)]
