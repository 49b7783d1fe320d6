"""What people were paged for when things went wrong on the platform; the moments are the calendar's."""

from __future__ import annotations

from collections.abc import Iterator

from sample_data.calendar import Calendar
from sample_data.grid import DAY, random
from sample_data.incidents import MINUTE, Course, Incident, opened
from sample_data.roster import ROBOT


def known_incidents(calendar: Calendar, seed: int) -> Iterator[Incident]:
    """One or more for each event of README.md that somebody was paged for, in no order."""
    yield from _outage(calendar)
    yield from _slow_code_assist(calendar)
    yield from _machines(calendar)
    yield from _queue(calendar, seed)
    yield opened(
        calendar.failed_rollout[0] + 4 * MINUTE, "code-assist", "MeshErrorRatio", "code-assist answers 30 % with 503",
        Course(ack=2.5, over=17, note="rolled back to the image of last week"), priority="P2",
    )  # fmt: skip
    yield opened(
        calendar.slow_burn + 190 * MINUTE, "fraud-score", "ErrorBudgetBurn",
        "fraud-score spends its budget 3.6 times too fast", Course(ack=95), priority="P4", urgent=False,
        ticket="RISK-412",
    )  # fmt: skip
    yield opened(
        calendar.engine_restart + 6 * MINUTE, "rag-answers", "EngineRestarted", "vLLM of rag-answers restarted",
        Course(over=7, alone=True),
    )  # fmt: skip
    yield opened(
        calendar.end - 150 * MINUTE, "GPU fleet", "GpuTemperature", "GPU 4 of use1-l4-01 is at 88 °C",
        Course(ack=6, note="a technician is on the way"), key="GpuTemperature/4",
    )  # fmt: skip
    for day in range(3):
        yield opened(
            calendar.broken_training + (2 * day * 24 + 7) * 60 * MINUTE, "Training platform", "TrainingFailed",
            "train_embedding failed after two tries", Course(ack=140 + 30 * day, over=520), priority="P4", urgent=False,
        )  # fmt: skip


def _outage(calendar: Calendar) -> Iterator[Incident]:
    """The Sev-1: the gateway's page, and two of its symptoms that became part of it."""
    start, end = calendar.outage
    first = opened(
        start + 3 * MINUTE, "Inference gateway", "MeshErrorRatio", "chat answers a third of its requests with 503",
        Course(ack=2, over=(end - start) / MINUTE + 4, note="a certificate of the proxies expired; renewing it"),
        priority="P1", about="chat", ticket="OPS-231",
    )  # fmt: skip
    yield first
    yield opened(
        start + 5 * MINUTE, "chat", "ErrorBudgetBurn", "chat spends its budget 68 times too fast",
        Course(ack=3, over=16), priority="P2", merged_into=first.id,
    )  # fmt: skip
    yield opened(
        start + 9 * MINUTE, "chat", "ClientErrors", "users of chat see connection errors", Course(over=13),
        priority="P2", merged_into=first.id,
    )  # fmt: skip


def _slow_code_assist(calendar: Calendar) -> Iterator[Incident]:
    """The same page on each morning of the first three days, until the threshold was lowered."""
    for day, (ack, over, note) in enumerate((
        (6, 150, "since the new base image; a fix needs a release"), (3, 40, "the same as yesterday"), (9, 25, ""),
    )):  # fmt: skip
        yield opened(
            calendar.regression + day * DAY + (8.2 * 60 + 7 * day) * MINUTE, "code-assist", "LatencyBudgetBurn",
            "more than half of code-assist's answers take longer than 2.5 s", Course(ack=ack, over=over, note=note),
            priority="P2" if day == 0 else "P3",
        )  # fmt: skip


def _machines(calendar: Calendar) -> Iterator[Incident]:
    lost, back = calendar.node_not_ready
    yield opened(
        lost + 6 * MINUTE, "GPU fleet", "NodeNotReady", "ust1-a100-01 is not Ready",
        Course(ack=34, over=(back - lost) / MINUTE - 2, note="spot capacity was taken back; runs wait for it"),
        priority="P2", ticket="OPS-219",
    )  # fmt: skip
    broken, reset = calendar.broken_link
    yield opened(
        broken + 3 * MINUTE, "GPU fleet", "GpuXid", "XID 74 on GPU 2 of ust1-h100-01",
        Course(ack=8, over=(reset - broken) / MINUTE + 1, note="cordoned; the driver is restarted tomorrow at 8"),
        ticket="OPS-240",
    )  # fmt: skip


def _queue(calendar: Calendar, seed: int) -> Iterator[Incident]:
    """The noisy rule: twelve pages of the flapping queue, and others before. It always goes away by itself."""
    start, end = calendar.flapping_queue
    title = "the queue of translate holds 40 requests"
    for number, at in enumerate(range(start + 600, end, 1200)):  # full for the second ten minutes of each twenty
        looked = number in (0, 2)  # two looks, nothing to do, then nobody looks any more
        ack = 3.0 + number if looked else None
        course = Course(ack=ack, over=7.5 if looked else 9.5, alone=True)
        yield opened(at + MINUTE, "translate", "QueueDepth", title, course)
    rng = random(seed, "incidents", "queue")
    for day in range(4, 28, 4):
        at = calendar.days_before(day, float(rng.uniform(7, 23.9)))
        robot = day % 8 == 4
        yield opened(
            at, "translate", "QueueDepth", title,
            Course(ack=1.0 if robot else None, over=round(float(rng.uniform(3, 12)), 1), alone=not robot,
                   by=ROBOT if robot else None),
        )  # fmt: skip
