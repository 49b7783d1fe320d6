"""The client against a scripted server: windows, halving, exact times, vectors, versions."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.prometheus.client import PrometheusClient
from collector.prometheus.connection import Connection
from servers.scripted import Asked, Handler, Scripted, no_sleep, reply, scripted
from warehouse.errors import BadAnswer, PartialAnswer, Rejected, SourceError, TooLarge, Unreachable
from warehouse.interval import Interval

MIDNIGHT = datetime(2026, 10, 5, tzinfo=UTC)  # 1791158400 s since the epoch
START_MS = 1_791_158_400_000
HOUR = Interval(MIDNIGHT, MIDNIGHT + timedelta(hours=1))

EMPTY = '{"status":"success","data":{"resultType":"matrix","result":[]}}'
TOO_MANY = (
    '{"status":"error","errorType":"execution",'
    '"error":"query processing would load too many samples into memory in query execution"}'
)


def client(server: Scripted, **settings: Any) -> PrometheusClient:
    return PrometheusClient(Connection.model_validate({"url": server.url, "retries": 0, **settings}), sleep=no_sleep)


def asked_windows(server: Scripted) -> list[tuple[int, int]]:
    """What the server was asked for."""
    return windows_of(server.asked)


def windows_of(requests: list[Asked]) -> list[tuple[int, int]]:
    """Windows as (first, last millisecond) by the rule of Prometheus 3: `(time - range, time]`."""
    windows = []
    for asked in requests:
        last = round(float(asked.fields["time"]) * 1000)
        milliseconds = int(asked.fields["query"].partition("[")[2].removesuffix("ms]"))
        windows.append((last - milliseconds + 1, last))
    return windows


def test_one_window_is_one_request() -> None:
    body = (
        '{"status":"success","data":{"resultType":"matrix","result":['
        '{"metric":{"a":"b"},"values":[[1791158399.999,"1"],[1791158400,"2"],[1791161999.999,"3"],[1791162000,"4"]]}]}}'
    )
    with scripted(reply(body)) as server:
        (batch,) = client(server).samples('up{job="x"}', HOUR)
        fields = server.asked[0].fields
    assert fields["query"] == 'up{job="x"}[3600000ms]'
    assert fields["time"] == "1791161999.999"
    assert batch.labels == [{"a": "b"}]
    assert batch.samples.rows() == [(0, START_MS, 2.0), (0, START_MS + 3_599_999, 3.0)]
    assert (batch.interval, batch.skipped) == (HOUR, 0)


def test_bounds_between_milliseconds_keep_their_meaning() -> None:
    start = MIDNIGHT + timedelta(microseconds=1)
    with scripted(reply(EMPTY)) as server:
        list(client(server).samples("up", Interval(start, start + timedelta(milliseconds=5))))
        assert asked_windows(server) == [(START_MS + 1, START_MS + 5)]


def test_an_empty_interval_asks_nothing() -> None:
    with scripted(reply(EMPTY)) as server:
        batches = list(client(server).samples("up", Interval(MIDNIGHT, MIDNIGHT)))
        assert server.asked == []
    assert [batch.samples.height for batch in batches] == [0]


def limited(minutes: int) -> Callable[[Handler], None]:
    """A server that answers up to `minutes` at once, with one sample at the beginning of each minute."""

    def step(handler: Handler) -> None:
        ((first, last),) = windows_of([handler.asked])
        if last - first + 1 > minutes * 60_000:
            return reply(TOO_MANY, 422)(handler)
        moments = [ms // 1000 for ms in range(-(-first // 60_000) * 60_000, last + 1, 60_000)]
        values = ",".join(f'[{moment},"{moment % 7}"]' for moment in moments)
        body = EMPTY.replace("[]", f'[{{"metric":{{}},"values":[{values}]}}]') if values else EMPTY
        return reply(body)(handler)

    return step


@pytest.mark.parametrize("minutes", [5, 7, 15, 30, 59, 60])
def test_halves_until_it_passes_and_loses_nothing(minutes: int) -> None:
    with scripted(limited(minutes)) as server:
        batches = list(client(server).samples("up", HOUR))
        refused = sum(last - first + 1 > minutes * 60_000 for first, last in asked_windows(server))
    moments = [ts for batch in batches for ts in batch.samples["ts"]]
    assert moments == [START_MS + 60_000 * minute for minute in range(60)]
    edges = [batch.interval.start for batch in batches] + [batches[-1].interval.end]
    assert edges == [HOUR.start, *[batch.interval.end for batch in batches]]
    assert refused <= 4  # a size that was refused once is not asked for again


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_reading_ahead_keeps_the_order(threads: int) -> None:
    with scripted(counting) as server:
        batches = list(client(server).read_ahead("up", HOUR, timedelta(minutes=5), threads))
    assert [batch.interval for batch in batches] == list(HOUR.split(timedelta(minutes=5)))
    assert [batch.samples["value"].to_list() for batch in batches] == [[float(minute)] for minute in range(0, 60, 5)]


def counting(handler: Handler) -> None:
    """One sample a window, whose value is the minute of the window's start."""
    ((first, _),) = windows_of([handler.asked])
    values = f'[{first // 1000},"{(first - START_MS) // 60_000}"]'
    reply(EMPTY.replace("[]", f'[{{"metric":{{}},"values":[{values}]}}]'))(handler)


def test_reading_ahead_fails_at_the_piece_that_failed() -> None:
    refused = '{"status":"error","errorType":"bad_data","error":"no"}'
    with scripted(counting, counting, reply(refused, 400)) as server:
        batches = client(server).read_ahead("up", HOUR, timedelta(minutes=5), threads=1)
        assert next(batches).interval.start == MIDNIGHT
        assert next(batches).interval.start == MIDNIGHT + timedelta(minutes=5)
        with pytest.raises(Rejected):
            next(batches)


def test_not_even_one_bucket_passes() -> None:
    with scripted(limited(1)) as server:
        with pytest.raises(TooLarge, match="too many samples"):
            list(client(server).samples("up", HOUR))
        first, last = asked_windows(server)[-1]
    assert last - first + 1 == 300_000


def test_an_answer_above_our_own_limit_is_halved_too() -> None:
    with scripted(limited(60)) as server:
        small = PrometheusClient(Connection(url=server.url), max_answer_bytes=700)
        batches = list(small.samples("up", HOUR))
    assert len(batches) > 1
    assert sum(batch.samples.height for batch in batches) == 60


def test_other_refusals_are_not_halved() -> None:
    with scripted(reply('{"status":"error","errorType":"bad_data","error":"parse error"}', 400)) as server:
        with pytest.raises(Rejected, match="parse error"):
            list(client(server).samples("up{", HOUR))
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<html><body>Please log in</body></html>", BadAnswer),
        ('{"status":"error","errorType":"internal","error":"broken"}', Rejected),
        (EMPTY[:-1] + ',"warnings":["receive series from 10.0.0.1: timed out"]}', PartialAnswer),
        ('{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}', BadAnswer),
    ],
)
def test_answers_that_are_none(body: str, error: type[SourceError]) -> None:
    with scripted(reply(body)) as server:
        with pytest.raises(error):
            list(client(server, retries=3).samples("up", HOUR))
        assert len(server.asked) == 1


def test_json_that_ends_early_is_asked_for_again() -> None:
    with scripted(reply(EMPTY[:30]), reply(EMPTY)) as server:
        (batch,) = client(server, retries=1).samples("up", HOUR)
    assert batch.samples.is_empty()


def test_an_unreachable_server() -> None:
    with scripted(reply(EMPTY)) as server:
        pass
    with pytest.raises(Unreachable):
        list(client(server).samples("up", HOUR))


def test_vector() -> None:
    body = (
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"1.5"]},'
        '{"metric":{"a":"c"},"value":[1,"NaN"]},{"metric":{"a":"h"},"histogram":[1,{"count":"1"}]}]}}'
    )
    with scripted(reply(body)) as server:
        found = client(server).vector("sum by (a) (up)", MIDNIGHT + timedelta(microseconds=123_000))
        assert server.asked[0].fields["time"] == "1791158400.123"
    assert found[0] == ({"a": "b"}, 1.5)
    assert found[1][0] == {"a": "c"}
    assert math.isnan(found[1][1])
    assert len(found) == 2


def test_vector_of_a_scalar_and_of_a_matrix() -> None:
    scalar = reply('{"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}}')
    with scripted(scalar, reply(EMPTY)) as server:
        assert client(server).vector("scalar(up)", MIDNIGHT) == [({}, math.inf)]
        with pytest.raises(BadAnswer, match="matrix"):
            client(server).vector("up[5m]", MIDNIGHT)


ONE = reply('{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"1"]}]}}')
NOT_FOUND = reply("unsupported path requested", 400)
VICTORIA = reply(
    'vm_app_uptime_seconds 3\nvm_app_version{version="victoria-metrics-20240301", short_version="v1.99.0"} 1\n',
    headers={"Content-Type": "text/plain"},
)


def test_build_information_of_prometheus() -> None:
    body = '{"status":"success","data":{"version":"3.5.0","goVersion":"go1.24","revision":"abc"}}'
    with scripted(reply(body)) as server:
        found = client(server).build_information()
    assert found == {"application": "Prometheus", "version": "3.5.0", "goVersion": "go1.24", "revision": "abc"}


def test_build_information_of_victoriametrics_that_poses_as_prometheus() -> None:
    with scripted(reply('{"status":"success","data":{"version":"2.24.0"}}'), VICTORIA) as server:
        found = client(server).build_information()
        assert [asked.path for asked in server.asked] == ["/api/v1/status/buildinfo", "/metrics"]
    assert found == {"application": "VictoriaMetrics", "version": "v1.99.0"}


def test_build_information_where_the_call_is_missing() -> None:
    with scripted(NOT_FOUND, ONE, VICTORIA) as server:
        assert client(server).build_information()["version"] == "v1.99.0"
    with scripted(NOT_FOUND, ONE, reply("no", 404)) as server:
        assert client(server).build_information() == {"application": "unknown", "version": "unknown"}


def test_build_information_of_something_else() -> None:
    with scripted(reply("<html>hello</html>")) as server, pytest.raises(BadAnswer):
        client(server).build_information()
