"""The other pages of a month: what goes wrong on every platform, drawn by seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sample_data.calendar import Calendar
from sample_data.grid import DAY, HOUR, random
from sample_data.incidents import Course, Incident, opened

PLANS: tuple[tuple[str, str | None, str, str, str, float, tuple[str, ...]], ...] = (
    ("GPU fleet", None, "GpuTemperature", "GPU {gpu} of use1-l4-01 is at 88 °C", "P3", 0.35,
     ("a fan was replaced", "moved two pods away")),
    ("GPU fleet", None, "GpuXid", "XID 48 on GPU {gpu} of euw1-h100-01", "P2", 1.0, ("drained and reset",)),
    ("Training platform", None, "RunsWait", "training runs have waited for more than an hour", "P3", 0.75,
     ("a sweep held 12 GPUs; its owner stopped it", "quota raised until Monday")),
    ("Inference gateway", "rerank", "MeshErrorRatio", "rerank answers {share} % with 503", "P2", 0.9,
     ("one replica had lost its model cache", "restarted a proxy")),
    ("Inference gateway", "summarize", "CertificateExpiry", "a certificate of the gateway ends in 3 days", "P3", 1.0,
     ("renewed by hand",)),
    ("rag-answers", None, "EngineOutOfMemory", "vLLM of rag-answers ran out of memory for its cache", "P2", 0.85,
     ("context length limited to 16k", "gpu-memory-utilization lowered")),
    ("fraud-score", None, "LatencyBudgetBurn", "fraud-score is slower than 100 ms for 3 % of requests", "P2", 0.8,
     ("one more replica",)),
    ("image-tag", None, "PodRestarts", "image-tag restarted three times", "P3", 0.4,
     ("a broken upload; an input check was added",)),
    ("summarize", None, "TokenThroughput", "summarize gives less than 40 tokens a second", "P3", 0.45,
     ("one client sent 200-page documents",)),
    ("chat", None, "ErrorBudgetBurn", "chat spends its budget 7 times too fast", "P2", 0.9,
     ("undid the canary", "a tenant was limited")),
)  # fmt: skip
"""Service, the service that it is about, rule, title, priority, the share that is worth it, notes that people write."""

SPAN_DAYS = 30
COUNT = 26


def drawn_incidents(calendar: Calendar, seed: int) -> Iterator[Incident]:
    """`COUNT` incidents of the 30 days before the end; two of three between 08:00 and 20:00 UTC."""
    rng = random(seed, "incidents", "drawn")
    days = np.sort(rng.uniform(1.0, SPAN_DAYS - 0.5, COUNT))[::-1]
    for number, before in enumerate(days):
        service, about, rule, title, priority, worth, notes = PLANS[number % len(PLANS)]
        hour = rng.uniform(8, 20) if rng.random() < 0.67 else rng.uniform(20, 32) % 24
        at = round(calendar.end // DAY * DAY - int(before) * DAY + hour * HOUR)
        words = title.format(gpu=int(rng.integers(0, 8)), share=int(rng.integers(4, 20)))
        worthy = rng.random() < worth
        course = _worth_it(rng, priority, notes) if worthy else _for_nothing(rng)
        if at < calendar.end - HOUR:
            yield opened(
                at, service, rule, words, course, key=f"{rule}/{words}" if about is None else "", priority=priority,
                about=about,
            )  # fmt: skip


def _worth_it(rng: np.random.Generator, priority: str, notes: tuple[str, ...]) -> Course:
    ack = round(float(rng.lognormal(1.2 if priority == "P2" else 1.7, 0.8)), 1)
    work = round(float(rng.lognormal(3.6, 0.7)) + 6, 1)
    note = notes[int(rng.integers(len(notes)))] if rng.random() < 0.6 else ""
    return Course(ack, round(ack + work, 1), note=note)


def _for_nothing(rng: np.random.Generator) -> Course:
    """Three ways: nobody came; somebody came and it was over; somebody came, looked for a while and cannot say."""
    way, ack = rng.random(), round(float(rng.lognormal(1.8, 0.7)), 1)
    if way < 0.5:
        return Course(over=round(float(rng.uniform(3, 14)), 1), alone=True)
    return Course(ack, round(ack + (1.5 if way < 0.75 else 4.0), 1), alone=way < 0.9)
