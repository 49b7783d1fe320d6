"""Rules are evaluated: from the stored state over new readings to alerts in the log, one transaction a rule.

Rules of which nobody hears anything are noted together at the end: each transaction waits for the disk.

A rule is asked from the newest time that its signal had, less what a series may lag (`late`), up to now; what was
read before changes nothing. So an evaluation that is late, cut off or repeated gives what an undisturbed one gives.
After a pause of more than CATCH_UP only that much of the past is read.

A rule that fails holds all its alerts, is recorded with its error, and the others go on; at the second failure in a row
an alert about ourselves fires. A rule that is no longer there takes its alerts with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.rules.failing import tell_of_failures
from alerts.rules.model import Rule
from alerts.rules.outcome import write_outcome, write_removal
from alerts.rules.published import published_signals
from alerts.rules.readings import readings
from alerts.rules.replay import replay
from alerts.rules.signal import SignalInactive, Signals, SignalSource, source_of
from alerts.rules.store import Clock, Standing, clocks, standing, store_clock, store_standing
from warehouse.alert_log.log import AlertLog
from warehouse.errors import MeterlineError, WarehouseError

__all__ = ["Evaluation", "Evaluator", "Outcome", "SignalSource", "Signals", "published_signals"]

CATCH_UP = timedelta(days=1)
EARLY = 0.9
"""A rule is due after this share of `every`: timers of whoever calls are not exact."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one rule. `late` counts readings that came when their series was already further.

    `reason` is why it is inactive or failed. `fired` and `resolved` are fingerprints.
    """

    rule: str
    status: Literal["evaluated", "inactive", "failed", "removed"]
    reason: str | None = None
    readings: int = 0
    late: int = 0
    fired: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run: an outcome for each rule that was due or is no longer there, and when the next one is due."""

    outcomes: tuple[Outcome, ...]
    next_at: datetime | None

    @property
    def failed(self) -> dict[str, str]:
        """Why, by the rule that failed."""
        return {one.rule: one.reason or "" for one in self.outcomes if one.status == "failed"}


class Evaluator:
    """Evaluates `rules` (those that are enabled) over `signals` into `log`. For one thread."""

    def __init__(self, log: AlertLog, rules: Sequence[Rule], signals: Signals) -> None:
        self._log = log
        self._rules = tuple(rule for rule in rules if rule.enabled)
        self._signals = signals
        self._quiet: list[tuple[str, Clock, tuple[Standing, Standing] | None]] = []

    def run(self, now: datetime, *, due_only: bool = True) -> Evaluation:
        """Evaluate the rules that are due. Raises WarehouseError when the log cannot be written."""
        self._quiet.clear()
        known = clocks(self._log)
        outcomes = [self._remove(name, now) for name in sorted(self._removed(known))]
        for rule in self._rules:
            if not due_only or _due(rule, known.get(rule.name), now):
                outcomes.append(self._one(rule, known.get(rule.name), now))
        self._note_quiet()
        failed_before = {name for name, clock in known.items() if clock.error is not None}
        tell_of_failures(self._log, self._rules, Evaluation(tuple(outcomes), None).failed,
                         failed_before, now)  # fmt: skip
        ran = {one.rule for one in outcomes}
        times = [
            (now if rule.name in ran or rule.name not in known else known[rule.name].evaluated_at) + rule.every
            for rule in self._rules
        ]
        return Evaluation(tuple(outcomes), min(times, default=None))

    def _removed(self, known: dict[str, Clock]) -> set[str]:
        stored = {row["rule"] for row in self._log.rows("SELECT DISTINCT rule FROM rule_state")}
        return (stored | known.keys()) - {rule.name for rule in self._rules}

    def _remove(self, name: str, now: datetime) -> Outcome:
        before = standing(self._log, name)
        with self._log.transaction() as tx:
            resolved = write_removal(tx, name, before, now)
        return Outcome(name, "removed", resolved=resolved)

    def _one(self, rule: Rule, clock: Clock | None, now: datetime) -> Outcome:
        try:
            return self._evaluated(rule, clock, now)
        except SignalInactive as inactive:
            if clock is not None and clock.error is not None:
                self._note(rule, replace(clock, evaluated_at=now, error=None))
            return Outcome(rule.name, "inactive", str(inactive))
        except WarehouseError:
            raise
        except Exception as error:  # a rule that fails, for whatever reason, must not stop the others
            reason = str(error) if isinstance(error, MeterlineError) else f"{type(error).__name__}: {error}"
            clock = clock or Clock(now, now - rule.wait - rule.lag, None, None)
            self._note(rule, replace(clock, evaluated_at=now, error=reason))
            return Outcome(rule.name, "failed", reason)

    def _note_quiet(self) -> None:
        if not self._quiet:
            return
        with self._log.transaction() as tx:
            for name, clock, moved in self._quiet:
                store_clock(tx, name, clock)
                if moved is not None:
                    store_standing(tx, name, *moved)

    def _note(self, rule: Rule, clock: Clock) -> None:
        with self._log.transaction() as tx:
            store_clock(tx, rule.name, clock)

    def _evaluated(self, rule: Rule, clock: Clock | None, now: datetime) -> Outcome:
        frontier = clock.frontier if clock else None
        begin = clock.since if clock else now - rule.wait - rule.lag
        since = max(begin if frontier is None else frontier - rule.lag, now - rule.wait - rule.lag - CATCH_UP)
        source = source_of(rule, self._signals)
        if since >= now:  # the clock was set back: what is to come is known
            return Outcome(rule.name, "evaluated")
        try:
            frame = source(rule, since, now)
        except WarehouseError as error:  # that of the signal, not the log: only this rule fails
            raise MeterlineError(error.message, error.remedy) from error
        before = standing(self._log, rule.name)
        read = readings(rule, frame, before.states)
        done = replay(rule, before.states, frontier, read)
        late = max(0, read.dropped_since(before.seen_since) - before.seen)
        evaluated = Outcome(rule.name, "evaluated", None, len(read), late)
        after = Clock(now, since if done.frontier is None else done.frontier, done.frontier, None)
        if done.frontier is None:
            self._quiet.append((rule.name, after, None))
            return evaluated
        again = max(since, done.frontier - rule.lag)  # from there on, readings of this interval come again
        stands = Standing(done.states, before.labels, read.since(again), again)
        if not done.transitions and not before.labels:
            self._quiet.append((rule.name, after, (before, stands)))
            return evaluated
        with self._log.transaction() as tx:
            fired, resolved, labels = write_outcome(tx, rule, before, read, done, now)
            store_standing(tx, rule.name, before, replace(stands, labels=labels))
            store_clock(tx, rule.name, after)
        return replace(evaluated, fired=fired, resolved=resolved)


def _due(rule: Rule, clock: Clock | None, now: datetime) -> bool:
    return clock is None or now < clock.evaluated_at or now - clock.evaluated_at >= EARLY * rule.every
