"""Passes over indicators: what is stored, how far the watermark goes, what a failure costs."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from collector.prometheus.indicator import Indicator, indicators_of
from collector.prometheus.indicators import CollectedIndicators, collect_indicators
from collector.prometheus.settings import PrometheusSettings
from servers import prometheus
from servers.scripted import Handler, Step, hang, reply, scripted
from warehouse.database import Warehouse
from warehouse.errors import DeadlineExceeded, PartialAnswer, Rejected
from warehouse.interval import parse_utc

NOW = parse_utc("2026-10-05T12:00:07")
HOUR = timedelta(hours=1)

Query = Callable[[int], float | None]
"""The value at a moment in epoch seconds, None for no sample."""


def settings(url: str, **more: object) -> PrometheusSettings:
    words = {"name": "prod", "type": "prometheus", "url": url, "profiles": ["vllm"], "retries": 0, **more}
    return PrometheusSettings.model_validate(words)


def ratio(sli: str, good: str, total: str, backfill: timedelta = HOUR) -> Indicator:
    return Indicator.parse(sli, "ratio", {"good": good, "total": total, "counter": True}, backfill)


def answering(queries: dict[str, Query]) -> Step:
    """query_range over functions of time; a query that is not there is refused."""

    def step(handler: Handler) -> None:
        fields = handler.asked.fields
        value = queries.get(fields["query"])
        if value is None:
            reply(json.dumps({"status": "error", "errorType": "bad_data", "error": "no such query"}), 400)(handler)
            return
        first, last, pace = (round(float(fields[name])) for name in ("start", "end", "step"))
        assert (last - first) // pace < 11_000
        pairs = [(moment, value(moment)) for moment in range(first, last + 1, pace)]
        values = [[moment, repr(float(found))] for moment, found in pairs if found is not None]
        result = [{"metric": {"instance": "a:80"}, "values": values}] if values else []
        body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        reply(json.dumps(body, separators=(",", ":")))(handler)

    return step


def rows(warehouse: Warehouse, sli: str) -> list[tuple[datetime, float, float]]:
    return warehouse.query(
        "SELECT ts, good, total FROM sli_count WHERE source = 'prod' AND sli = $sli ORDER BY ts", {"sli": sli}
    ).rows()


def mark(warehouse: Warehouse, sli: str) -> datetime | None:
    return warehouse.watermark("prod", f"sli:{sli}")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-05T{clock}")


STEADY: dict[str, Query] = {"good": lambda s: s // 60 * 9, "total": lambda s: s // 60 * 10}


def test_whole_minutes_that_are_over_by_five_seconds_are_stored(tmp_path: Path) -> None:
    with scripted(answering(STEADY)) as server, Warehouse.open(tmp_path) as warehouse:
        indicators = [ratio("a", "good", "total")]
        assert collect_indicators(warehouse, settings(server.url), indicators, NOW) == CollectedIndicators(60)
        assert rows(warehouse, "a") == [(at("11:00") + k * timedelta(minutes=1), 9, 10) for k in range(60)]
        assert mark(warehouse, "a") == at("12:00")
        assert len(server.asked) == 2
        # 4 seconds into the minute after the next one: 12:00 is over, 12:01 is not settled
        collect_indicators(warehouse, settings(server.url), indicators, parse_utc("2026-10-05T12:02:04"))
        assert [moment for moment, _, _ in rows(warehouse, "a")][-1] == at("12:00")
        collect_indicators(warehouse, settings(server.url), indicators, parse_utc("2026-10-05T12:02:05"))
        assert [moment for moment, _, _ in rows(warehouse, "a")][-2:] == [at("12:00"), at("12:01")]
        assert len(rows(warehouse, "a")) == 62


def test_a_second_pass_changes_nothing_and_asks_nothing(tmp_path: Path) -> None:
    with scripted(answering(STEADY)) as server, Warehouse.open(tmp_path) as warehouse:
        indicators = [ratio("a", "good", "total")]
        collect_indicators(warehouse, settings(server.url), indicators, NOW)
        before, asked = rows(warehouse, "a"), len(server.asked)
        assert collect_indicators(warehouse, settings(server.url), indicators, NOW).rows == 0
        earlier = NOW - timedelta(minutes=30)  # a clock that went back
        assert collect_indicators(warehouse, settings(server.url), indicators, earlier).rows == 0
        assert (rows(warehouse, "a"), len(server.asked)) == (before, asked)
        assert mark(warehouse, "a") == at("12:00")


def test_a_month_is_asked_for_in_pieces_that_a_server_answers(tmp_path: Path) -> None:
    with scripted(answering(STEADY)) as server, Warehouse.open(tmp_path) as warehouse:
        one = ratio("a", "good", "total", timedelta(days=90))
        assert collect_indicators(warehouse, settings(server.url), [one], NOW).rows == 30 * 1440
        assert {(good, total) for _, good, total in rows(warehouse, "a")} == {(9, 10)}
        assert len(server.asked) <= 12


def test_what_came_late_is_put_right(tmp_path: Path) -> None:
    """At first the server knows nothing after 11:57; then it does, and says more of 11:58 than 9 of 10."""
    ends = [parse_utc("2026-10-05T11:57").timestamp(), math.inf]
    queries: dict[str, Query] = {
        "good": lambda s: s // 60 * 9 if s <= ends[0] else None,
        "total": lambda s: s // 60 * 10 if s <= ends[0] else None,
    }
    with scripted(answering(queries)) as server, Warehouse.open(tmp_path) as warehouse:
        indicators = [ratio("a", "good", "total")]
        collect_indicators(warehouse, settings(server.url), indicators, NOW)
        assert rows(warehouse, "a")[-1][0] == at("11:56")
        assert mark(warehouse, "a") == at("12:00")
        ends.pop(0)
        found = collect_indicators(warehouse, settings(server.url), indicators, NOW + timedelta(minutes=1))
        assert [moment for moment, _, _ in rows(warehouse, "a")][-5:] == [
            at("11:56"), at("11:57"), at("11:58"), at("11:59"), at("12:00")
        ]  # fmt: skip
        assert found.rows == 4  # what was the same is not written again


def test_one_that_fails_stops_no_other_and_keeps_its_place(tmp_path: Path) -> None:
    with scripted(answering(STEADY)) as server, Warehouse.open(tmp_path) as warehouse:
        indicators = [ratio("bad", "good", "typo("), ratio("fine", "good", "total")]
        found = collect_indicators(warehouse, settings(server.url), indicators, NOW)
        assert list(found.failures) == ["bad"]
        assert isinstance(found.failures["bad"], Rejected)
        assert "no such query" in str(found.failures["bad"])
        assert (mark(warehouse, "bad"), mark(warehouse, "fine")) == (None, at("12:00"))


def test_the_watermark_never_jumps_over_a_window_that_failed(tmp_path: Path) -> None:
    week = timedelta(days=7)
    broken = True

    def step(handler: Handler) -> None:
        if broken and float(handler.asked.fields["end"]) > (NOW - week).timestamp():
            partial = {
                "status": "success",
                "data": {"resultType": "matrix", "result": []},
                "warnings": ["a store is down"],
            }
            reply(json.dumps(partial))(handler)
        else:
            answering(STEADY)(handler)

    with scripted(step) as server, Warehouse.open(tmp_path) as warehouse:
        one = ratio("a", "good", "total", 3 * week)
        found = collect_indicators(warehouse, settings(server.url), [one], NOW)
        assert isinstance(found.failures["a"], PartialAnswer)
        stopped = mark(warehouse, "a")
        assert stopped is not None
        assert stopped < (NOW - week).replace(tzinfo=None)
        assert rows(warehouse, "a")[-1][0] < stopped
        broken = False
        assert not collect_indicators(warehouse, settings(server.url), [one], NOW).failures
        assert len(rows(warehouse, "a")) == 21 * 1440
        assert mark(warehouse, "a") == at("12:00")


def test_a_server_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    with scripted(hang) as server, Warehouse.open(tmp_path) as warehouse:
        many = [ratio(f"s{number}", "good", "total") for number in range(20)]
        found = collect_indicators(warehouse, settings(server.url, deadline=0.5), many, NOW)
        assert len(found.failures) == 20
        assert all(isinstance(error, DeadlineExceeded) for error in found.failures.values())
        assert len(server.asked) <= 8  # those that were asked at the same time


def test_a_changed_definition_is_collected_anew(tmp_path: Path) -> None:
    queries = {**STEADY, "errors": lambda s: s // 60 * 4}
    with scripted(answering(queries)) as server, Warehouse.open(tmp_path) as warehouse:
        collect_indicators(warehouse, settings(server.url), [ratio("a", "good", "total")], NOW)
        later = NOW + timedelta(minutes=1)
        collect_indicators(warehouse, settings(server.url), [ratio("a", "errors", "total")], later)
        assert {good for _, good, _ in rows(warehouse, "a")[1:]} == {4}  # the first minute is older than the window
        assert len(rows(warehouse, "a")) == 61
        asked = len(server.asked)
        collect_indicators(warehouse, settings(server.url), [ratio("a", "errors", "total")], later)
        assert len(server.asked) == asked


def test_many_indicators_are_asked_side_by_side_but_not_too_many(tmp_path: Path) -> None:
    lock, here, most = threading.Lock(), 0, 0

    def step(handler: Handler) -> None:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        answering(STEADY)(handler)
        with lock:
            here -= 1

    with scripted(step) as server, Warehouse.open(tmp_path) as warehouse:
        many = [ratio(f"s{number}", "good", "total") for number in range(120)]
        assert collect_indicators(warehouse, settings(server.url), many, NOW).rows == 120 * 60
        assert most <= 4
        assert len(server.asked) == 240


def test_indicators_come_from_the_inventory_with_the_longest_window(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        definition = json.dumps({"good": "g", "total": "t", "counter": True})
        listed = pl.DataFrame(
            [("a", "prod", "ratio", definition, 60), ("b", "prod", "raw", '{"raw": "r", "type": "success"}', 60),
             ("c", "facts", "metric", "{}", 300)],
            schema=["sli", "source", "kind", "definition", "grain_s"], orient="row",
        )  # fmt: skip
        objectives = pl.DataFrame(
            [("a", 7 * 86400, None, None), ("a", 28 * 86400, None, None), ("b", None, 1, "Q")],
            schema={"sli": pl.String, "window_s": pl.Int64, "calendar_count": pl.Int32, "calendar_unit": pl.String},
            orient="row",
        )
        with warehouse.transaction() as tx:
            tx.replace_all("sli_indicator", listed)
            tx.replace_all("slo_objective", objectives)
        found = indicators_of(warehouse, "prod")
        assert [(one.sli, one.backfill) for one in found] == [("a", timedelta(days=28)), ("b", timedelta(days=30))]
        assert found[0].definition.queries == ("g", "t")


def openmetrics(series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    lines = ["# TYPE requests unknown"]
    for labels, samples in series:
        lines += [f"requests{{{labels}}} {value!r} {moment:.3f}" for moment, value in samples]
    return "\n".join([*lines, "# EOF", ""])


@pytest.mark.server
def test_against_a_real_prometheus(tmp_path: Path) -> None:
    """Two targets scraped each 15 s from 10:00 to 11:00, worked out from the samples themselves:

    a: 3 good and 1 bad requests a scrape; restarts at 10:20 (counters from 0); down from 10:30 to 10:40.
    b: 2 good requests a scrape from 10:50 on, its counter at 1000 when first seen.
    """
    day = parse_utc("2026-10-05T00:00").timestamp()

    def clock(hour: int, minute: int) -> float:
        return day + hour * 3600 + minute * 60

    scrapes = [clock(10, 0) + 15 * k + 7.25 for k in range(240)]
    good, bad, other = [], [], []
    for k, moment in enumerate(scrapes):
        since = k if moment < clock(10, 20) else k - 80
        if not clock(10, 30) <= moment < clock(10, 40):
            good.append((moment, 3.0 * since))
            bad.append((moment, 1.0 * since))
        if moment >= clock(10, 50):
            other.append((moment, 1000.0 + 2 * (k - 200)))
    text = openmetrics(
        [
            ('instance="a:80",code="200"', good),
            ('instance="a:80",code="500"', bad),
            ('instance="b:80",code="200"', other),
        ]
    )
    now = datetime(2026, 10, 5, 11, 0, 5, tzinfo=UTC)
    with prometheus.loaded(text, tmp_path / "server") as url, Warehouse.open(tmp_path / "data") as warehouse:
        indicators = [
            Indicator.parse("api", "ratio", {"bad": 'requests{code="500"}', "total": "requests", "counter": True}),
            Indicator.parse(
                "share", "raw",
                {"raw": 'sum(rate(requests{code="200"}[5m])) / sum(rate(requests[5m]))', "type": "success"},
            ),
            Indicator.parse("wrong", "raw", {"raw": "sum(requests", "type": "success"}),
        ]  # fmt: skip
        found = collect_indicators(warehouse, settings(url), indicators, now)
        assert "parse error" in str(found.failures.pop("wrong"))
        assert not found.failures
        stored = {moment.strftime("%H:%M"): (good, total) for moment, good, total in rows(warehouse, "api")}
        # The 4 scrapes of a minute lie at 7, 22, 37 and 52 s.
        assert "10:00" not in stored  # a's first value: nobody knows how long it has been counting
        assert stored["10:01"] == (12, 16)
        # at 10:20:07 the counters are at 0, so the last scrape of 10:20 shows 3 scrapes' worth
        assert stored["10:20"] == (9, 12)
        # down: the server's look-back of five minutes holds the last value, as promtool writes no staleness markers
        assert stored["10:31"] == (0, 0)
        assert "10:35" not in stored
        assert "10:39" not in stored
        # 10:40: everything since 10:29:52, the 40 scrapes missed and the 4 of this minute
        assert stored["10:40"] == (132, 176)
        assert stored["10:50"] == (12, 16)  # b's first minute adds nothing
        assert stored["10:51"] == (20, 24)
        assert max(stored) == "10:59"
        # all that a counted after its first minute, resets included: 239 and 159 scrapes less 3 of the first minute
        whole = sum(total for _, total in stored.values())
        assert whole == (79 - 3) * 4 + 159 * 4 + 36 * 2
        share = {moment.strftime("%H:%M"): good for moment, good, _ in rows(warehouse, "share")}
        assert share["10:15"] == pytest.approx(0.75)
        assert "10:37" not in share
        before = rows(warehouse, "api")
        with warehouse.transaction() as tx:
            tx.execute("DELETE FROM watermark")
        collect_indicators(warehouse, settings(url), indicators, now)
        assert rows(warehouse, "api") == before
