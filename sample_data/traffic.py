"""How many requests each replica gets and how long they take: what the serving metrics count.

A replica's history is a list of events a step (`Replica`), drawn once; counters and histogram buckets are sums of the
same draws, so that they agree. Latencies are log-logistic: their distribution function is closed, and the tail is long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sample_data.catalog import Service
from sample_data.grid import DAY, HOUR, STEP, Floats, Ints, random
from sample_data.platform import Platform
from sample_data.workloads import Pod

TAIL = 3.2
"""Shape of the log-logistic: the 99th percentile is 99 ** (1 / TAIL) = 4.2 times the median."""

SLOWER = 2.6
"""What the regression multiplies code-assist's times by."""

HISTORY = 4000
"""Steps of traffic that a replica has seen before the grid starts."""


@dataclass(frozen=True, eq=False, slots=True)
class Replica:
    """One pod of a service: requests finished, cut short by the client, and failed in each step.

    `before` are the same three for the time before the grid. `latency` and `first` are medians in seconds.
    """

    pod: Pod
    finished: Ints
    aborted: Ints
    failed: Ints
    before: tuple[int, int, int]
    latency: Floats
    first: Floats


@lru_cache(maxsize=64)
def load_of(platform: Platform, service: Service) -> Floats:
    """The share (about 0..1) of its peak that a service sees at each grid point: hour, weekday, slow noise."""
    times = platform.grid.times + service.timezone * HOUR
    hour = times / HOUR % 24
    day = 0.16 + 0.84 * np.exp(-(((hour - 14.5) / 4.6) ** 2))
    weekend = np.where((times // DAY + 3) % 7 >= 5, 0.42, 1.0)
    rng = random(platform.seed, "load", service.name)
    knots = rng.normal(1.0, 0.07, platform.grid.size // 24 + 2)
    slow = np.interp(np.arange(platform.grid.size) / 24, np.arange(len(knots)), knots)
    return np.clip(day * weekend * slow, 0.01, 1.3)


def replicas(platform: Platform, service: Service) -> list[Replica]:
    """The pods of a service with what each was asked."""
    return [_replica(platform, service, pod) for pod in platform.pods if pod.service == service.name]


def _replica(platform: Platform, service: Service, pod: Pod) -> Replica:
    load = load_of(platform, service)
    rng = random(platform.seed, "traffic", pod.name)
    minutes = STEP / 60
    asked = rng.poisson(load * service.peak * minutes)
    share = np.full(len(load), 0.0006)
    if service.name == "chat":
        share[platform.grid.span(*platform.calendar.outage)] = 0.34
    elif service.name == "code-assist":
        share[platform.grid.span(*platform.calendar.failed_rollout)] = 0.3
    elif service.name == "summarize":
        share[platform.grid.span(*platform.calendar.broken_memory)] = 0.5
    elif service.name == "fraud-score":
        share[platform.grid.index(platform.calendar.slow_burn) :] = 0.0036
    failed = rng.binomial(asked, share)
    aborted = rng.binomial(asked - failed, 0.012 if service.runtime == "vllm" else 0.0)
    slow = np.ones(len(load))
    if service.name == "code-assist":
        slow[platform.grid.index(platform.calendar.regression) :] = SLOWER
    crowded = slow * (0.8 + 0.5 * load)
    before = int(service.peak * minutes * 0.4 * HISTORY)
    return Replica(
        pod, asked - failed - aborted, aborted, failed, (before, before // 90, before // 1700),
        service.median * crowded, service.first * crowded,
    )  # fmt: skip


def bucketed(counts: Ints, before: int, medians: Floats, bounds: tuple[str, ...], rng: np.random.Generator) -> Ints:
    """Increases of the cumulative buckets, shape (len(bounds) + 1, steps): the last is +Inf and equals the counts.

    Row k counts the events of a step at or below bounds[k], in the unit of the medians. `before` is added to the first
    step.
    """
    shares = 1.0 / (1.0 + (np.asarray(bounds, dtype=np.float64)[None, :] / medians[:, None]) ** -TAIL)
    cells = np.diff(np.concatenate([np.zeros((len(counts), 1)), shares, np.ones((len(counts), 1))], axis=1), axis=1)
    drawn = rng.multinomial(counts, cells)
    drawn[0] += rng.multinomial(before, cells[0])
    return np.cumsum(drawn, axis=1).T.astype(np.int64)


def counted(increases: Ints, resets: tuple[int, ...] = ()) -> Ints:
    """A counter (along the last axis) that starts from zero again at each point in `resets`."""
    total = np.cumsum(increases, axis=-1)
    for point in resets:
        if 0 < point < total.shape[-1]:
            total[..., point:] -= total[..., point - 1 : point]
    return total
