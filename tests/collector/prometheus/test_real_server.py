"""The client against a real Prometheus: what was written into it comes out, bit for bit."""

from __future__ import annotations

import math
import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from collector.prometheus.client import PrometheusClient, SampleBatch
from collector.prometheus.connection import Connection
from servers import prometheus
from servers.scripted import Handler, reply, scripted
from warehouse.errors import Rejected, TooLarge
from warehouse.interval import Interval

pytestmark = pytest.mark.server

START = datetime(2026, 10, 5, tzinfo=UTC)
START_MS = 1_791_158_400_000
DAY = Interval(START, START + timedelta(days=1))

LABELS = [
    {"pod": "plain"},
    {"pod": 'quo"te', "path": "back\\slash"},
    {"pod": '},"values":[[1,"2"]]}', "values": "metric", "metric": "values"},
    {"pod": "new\nline", "path": "<é 東京 \u2028 & {}>"},
]
SPECIAL = [math.nan, math.inf, -math.inf, 1e21, 1e-7, 5e-324, -0.0, 0.12345678901234568, 1.7976931348623157e308]

Stored = dict[tuple[tuple[str, str], ...], list[tuple[int, float]]]


def series_key(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item for item in labels.items() if item[0] != "__name__"))


def generated() -> Stored:
    """A day of 30 s scrapes with jitter in milliseconds, a gap, special values, and ratios of up to 17 digits."""
    rng = random.Random(7)
    stored: Stored = {}
    for number, labels in enumerate(LABELS):
        moments = [START_MS + 30_000 * k + (rng.randrange(-900, 900) if 0 < k < 2879 else 0) for k in range(2880)]
        moments = [ts for k, ts in enumerate(moments) if not 1000 <= k < 1000 + 50 * number]
        values = [SPECIAL[k] if k < len(SPECIAL) else rng.random() for k in range(len(moments))]
        stored[series_key(labels)] = list(zip(moments, values, strict=True))
    edge = [(DAY.start, -1, 1.0), (DAY.start, 0, 2.0), (DAY.end, -1, 3.0), (DAY.end, 0, 4.0)]
    stored[(("pod", "edge"),)] = [(round(bound.timestamp()) * 1000 + ms, value) for bound, ms, value in edge]
    return stored


def openmetrics(stored: Stored) -> str:
    lines = ["# TYPE activity gauge"]
    for key, samples in stored.items():
        escaped = {n: v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for n, v in key}
        labels = ",".join(f'{name}="{value}"' for name, value in escaped.items())
        lines += [f"activity{{{labels}}} {value!r} {ts // 1000}.{ts % 1000:03d}" for ts, value in samples]
    return "\n".join([*lines, "# EOF", ""])


def bits(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else struct.pack("<d", value)


def exact(stored: Stored) -> dict[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]:
    inside = {key: [(ts, bits(v)) for ts, v in rows if 0 <= ts - START_MS < 86_400_000] for key, rows in stored.items()}
    return {key: rows for key, rows in inside.items() if rows}


def read_back(batches: list[SampleBatch]) -> dict[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]:
    found: dict[tuple[tuple[str, str], ...], list[tuple[int, bytes]]] = {}
    for batch in batches:
        for series, ts, value in batch.samples.iter_rows():
            found.setdefault(series_key(batch.labels[series]), []).append((ts, bits(value)))
    return found


@pytest.fixture(scope="module")
def stored() -> Stored:
    return generated()


@pytest.fixture(scope="module")
def server(stored: Stored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus.loaded(openmetrics(stored), tmp_path_factory.mktemp("prometheus")) as url:
        yield url


def test_every_sample_comes_back_bit_for_bit(server: str, stored: Stored) -> None:
    (batch,) = PrometheusClient(Connection(url=server)).samples("activity", DAY)
    assert {key: len(rows) for key, rows in exact(stored).items()} == {
        (("pod", "plain"),): 2880,
        series_key(LABELS[1]): 2830,
        series_key(LABELS[2]): 2780,
        series_key(LABELS[3]): 2730,
        (("pod", "edge"),): 2,
    }
    assert read_back([batch]) == exact(stored)
    assert {one["__name__"] for one in batch.labels} == {"activity"}


def test_windows_share_no_sample_and_lose_none(server: str, stored: Stored) -> None:
    client = PrometheusClient(Connection(url=server, compression=True))
    batches = [batch for window in DAY.split(timedelta(hours=1)) for batch in client.samples("activity", window)]
    assert len(batches) == 24
    assert read_back(batches) == exact(stored)


def test_a_server_with_a_small_limit_is_asked_in_pieces(server: str, stored: Stored, tmp_path: Path) -> None:
    with prometheus.loaded(openmetrics(stored), tmp_path, "--query.max-samples=1000") as url:
        client = PrometheusClient(Connection(url=url))
        batches = list(client.samples("activity", DAY))
        with pytest.raises(TooLarge, match="too many samples"):
            client.vector("count(max_over_time(activity[1d]))", DAY.end)
    assert len(batches) >= 12
    assert read_back(batches) == exact(stored)


def test_a_bucket_that_is_too_large_even_alone(stored: Stored, tmp_path: Path) -> None:
    with prometheus.loaded(openmetrics(stored), tmp_path, "--query.max-samples=20") as url:
        client = PrometheusClient(Connection(url=url))
        with pytest.raises(TooLarge, match=r"--query\.max-samples"):
            list(client.samples("activity", DAY))


def test_selectors_with_quotes_and_unknown_metrics(server: str) -> None:
    client = PrometheusClient(Connection(url=server))
    (batch,) = client.samples('activity{pod="quo\\"te",path="back\\\\slash"}', DAY)
    assert batch.samples.height == 2830
    (none,) = client.samples("unknown_metric", DAY)
    assert (none.labels, none.samples.height) == ([], 0)


def test_instant_values(server: str, stored: Stored) -> None:
    client = PrometheusClient(Connection(url=server))
    ((labels, value),) = client.vector('activity{pod="plain"}', START + timedelta(hours=12))
    expected = [v for ts, v in stored[(("pod", "plain"),)] if ts <= START_MS + 43_200_000][-1]
    assert (labels, value) == ({"__name__": "activity", "pod": "plain"}, expected)
    with pytest.raises(Rejected, match="parse error"):
        client.vector("activity{", START)


def test_build_information(server: str) -> None:
    found = PrometheusClient(Connection(url=server)).build_information()
    assert found["application"] == "Prometheus"
    assert found["version"] == requests.get(f"{server}/api/v1/status/buildinfo").json()["data"]["version"]


def test_one_client_in_two_threads(server: str, stored: Stored) -> None:
    client = PrometheusClient(Connection(url=server))
    found: dict[int, list[SampleBatch]] = {}

    def collect(number: int) -> None:
        windows = DAY.split(timedelta(hours=6))
        found[number] = [batch for window in windows for batch in client.samples("activity", window)]

    threads = [threading.Thread(target=collect, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_back(found[0]) == read_back(found[1]) == exact(stored)


SCRAPING = """
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: target
    static_configs: [{targets: ['%s']}]
"""


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, "nothing happened within 30 s"
        time.sleep(0.05)


def test_a_target_that_disappears_leaves_no_marker(tmp_path: Path) -> None:
    """Prometheus ends a lost series with a stale marker, a NaN of its own that must not look like a sample."""
    if not prometheus.installed():
        pytest.skip("prometheus and promtool are not installed")
    count = 0
    text = {"Content-Type": "text/plain; version=0.0.4"}

    def metrics(handler: Handler) -> None:
        nonlocal count
        count += 1
        if count <= 5:
            reply(f"# TYPE level gauge\nlevel {count / 3}\n", headers=text)(handler)
        else:
            reply("gone", 500, text)(handler)

    with scripted(metrics) as target:
        address = target.url.removeprefix("http://")
        with prometheus.serve(tmp_path / "data", configuration=SCRAPING % address) as url:
            client = PrometheusClient(Connection(url=url))
            wait_for(lambda: count >= 7)
            wait_for(lambda: [value for _, value in client.vector("up", datetime.now(UTC))] == [0.0])
            now = datetime.now(UTC)
            (batch,) = client.samples("level", Interval(now - timedelta(minutes=10), now))
            assert client.vector("level", now) == []
    assert batch.samples["value"].to_list() == [1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3]
