"""Values at the ends of steps from real servers: a month in pieces, and halves where a server allows little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from collector.prometheus.client import PrometheusClient
from collector.prometheus.connection import Connection
from servers import prometheus, victoria
from warehouse.errors import BadAnswer, Rejected, TooLarge
from warehouse.interval import Interval, parse_utc

pytestmark = pytest.mark.server

START = parse_utc("2026-10-05T00:00")
MINUTE = timedelta(minutes=1)


def openmetrics() -> str:
    """A counter that is the number of minutes since the start, scraped every 4 minutes for 10 days."""
    first = int(START.timestamp())
    lines = [f'beats{{pod="a"}} {4 * k} {first + 240 * k}' for k in range(10 * 360)]
    return "\n".join(["# TYPE beats unknown", *lines, "# EOF", ""])


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    loaded: Callable[..., AbstractContextManager[str]] = {"prometheus": prometheus, "victoria": victoria}[
        request.param
    ].loaded
    with loaded(openmetrics(), tmp_path_factory.mktemp(request.param)) as address:
        yield address


def test_every_minute_of_ten_days_once(url: str) -> None:
    client = PrometheusClient(Connection(url=url))
    interval = Interval(START + timedelta(hours=1), START + timedelta(days=10) - timedelta(hours=1))
    batches = list(client.at_ends("beats", interval, MINUTE))
    assert [batch.interval.end for batch in batches][-1] == interval.end
    samples = pl.concat([batch.samples for batch in batches])
    first = round(interval.start.timestamp() * 1000)
    assert samples["ts"].to_list() == [first + 60_000 * (k + 1) for k in range(interval.duration // MINUTE)]
    since = (samples["ts"] - round(START.timestamp() * 1000)) // 60_000
    assert (samples["value"] == since // 4 * 4).all()
    client.close()


def test_expressions_and_what_is_none(url: str) -> None:
    client = PrometheusClient(Connection(url=url))
    hour = Interval(START + timedelta(hours=1), START + timedelta(hours=2))
    (batch,) = client.at_ends("sum(beats) / 2", hour, MINUTE)
    assert batch.labels == [{}]
    assert batch.samples["value"][-1] == 60
    (empty,) = client.at_ends("nothing_of_the_kind", hour, MINUTE)
    assert (empty.labels, empty.samples.height) == ([], 0)
    with pytest.raises((Rejected, BadAnswer)):
        list(client.at_ends("sum(beats", hour, MINUTE))
    client.close()


def test_a_server_that_allows_little_is_asked_for_halves(tmp_path: Path) -> None:
    day = Interval(START + timedelta(hours=1), START + timedelta(hours=25))
    with prometheus.loaded(openmetrics(), tmp_path) as url:
        client = PrometheusClient(Connection(url=url), max_answer_bytes=12_000)
        batches = list(client.at_ends("beats", day, MINUTE))
        assert len(batches) >= 3
        assert batches[0].interval.start == day.start
        assert all(one.interval.end == two.interval.start for one, two in pairwise(batches))
        assert sum(batch.samples.height for batch in batches) == 1440
        with pytest.raises(TooLarge):
            list(PrometheusClient(Connection(url=url), max_answer_bytes=10).at_ends("beats", day, MINUTE))
