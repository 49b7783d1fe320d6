"""When an SLO alerts: its policies as they are written, our rules for its period otherwise.

OpenSLO has one condition a policy and one window a condition, so burn rates in two windows cannot be written in it. A
policy's lookbackWindow is the long window, and a short one of a twelfth is added, as the usual rules have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from analytics.reliability.burn_windows import BurnRule, burn_rules
from meterline.config.rules import Location
from meterline.openslo.alerting import ConditionSpec, PolicySpec
from meterline.openslo.annotations import PREFIX
from meterline.openslo.files import Entry
from meterline.openslo.kinds import AlertCondition, AlertNotificationTarget, AlertPolicy, Slo
from meterline.openslo.library import Library
from meterline.openslo.problems import Problems
from meterline.openslo.slos import BurnAlert, Indicator

OFF = "off"
SHORT = 12
"""The long window is so many short ones."""
MINUTE = timedelta(minutes=1)
SEVERITIES = ("page", "ticket", "info")

Place = tuple[Entry, Location]


class BurnAlerts:
    """Makes the burn alerts of SLOs; what is wrong or doubtful goes to `problems`."""

    def __init__(self, library: Library, problems: Problems) -> None:
        self._library = library
        self._problems = problems

    def of(self, slo: Slo, entry: Entry, period: timedelta, windows: str | None) -> tuple[BurnAlert, ...]:
        """The burn alerts of each of the SLO's objectives.

        `period`: the usual length of its window. `windows`: a file of them by name or path, `off`, or None.
        """
        written = tuple(self._written(slo, entry, period))
        if windows == OFF or (windows is None and slo.spec.alert_policies):
            return written
        return (*written, *self._usual(entry, period, windows))

    def check(self) -> None:
        """Whether the references of policies lead somewhere, those of unused policies too."""
        for entry, policy in self._library.all(AlertPolicy):
            self._condition(policy.spec, (entry, ("spec",)))
            self._targets(policy.spec, (entry, ("spec",)))

    def _usual(self, entry: Entry, period: timedelta, windows: str | None) -> tuple[BurnAlert, ...]:
        place = ("metadata", "annotations", f"{PREFIX}burn-alerts")
        if windows is not None:
            try:
                found = named_rules(period, windows, entry)
            except ValueError as error:
                self._problems.add(entry, place, "annotation", str(error))
                return ()
        else:
            try:
                found = burn_rules(period)
            except ValueError:
                self._problems.add(entry, ("spec", "timeWindow", 0, "duration"), "burn-window")
                return ()
        return tuple(
            BurnAlert(one.name, one.severity, one.budget, one.long, one.short, one.factor, one.min_bad) for one in found
        )

    def _written(self, slo: Slo, entry: Entry, period: timedelta) -> Iterator[BurnAlert]:
        seen: set[str] = set()
        place: Place
        for index, use in enumerate(slo.spec.alert_policies):
            location: Location = ("spec", "alertPolicies", index)
            if use.alert_policy_ref is not None:
                found = self._library.follow(AlertPolicy, use.alert_policy_ref, entry, (*location, "alertPolicyRef"))
                if found is None:
                    continue
                name, spec, place = found[1].name, found[1].spec, (found[0], ("spec",))
            else:
                assert use.metadata is not None
                assert use.spec is not None
                name, spec, place = use.metadata.name, use.spec, (entry, (*location, "spec"))
                self._targets(spec, place)
            if name in seen:
                text = f"expected each policy once, {name} is another of them"
                self._problems.add(entry, location, "unique-name", text)
            seen.add(name)
            condition = self._condition(spec, place)
            if condition is not None:
                yield from self._alert(name, spec, condition, place, period)

    def _alert(
        self, name: str, policy: PolicySpec, found: tuple[ConditionSpec, Place], place: Place, period: timedelta
    ) -> Iterator[BurnAlert]:
        spec, (entry, location) = found
        condition, problems = spec.condition, self._problems
        at = (*location, "condition")
        if policy.alert_when_no_data:
            text = "no alert is made of missing data: it is a state of its own, and a finding"
            problems.warn(place[0], (*place[1], "alertWhenNoData"), text)
        if not policy.alert_when_breaching:
            problems.warn(*place, f"alertWhenBreaching is not true, so policy {name} never alerts")
            return
        if condition.op in ("lt", "lte"):
            text = f"{condition.op} would alert while the budget does not burn: it is taken as gt"
            problems.warn(entry, (*at, "op"), text)
        if condition.alert_after is not None:
            text = "not kept: the short window, a twelfth of lookbackWindow, says that it is still burning"
            problems.warn(entry, (*at, "alertAfter"), text)
        if spec.severity not in SEVERITIES:
            text = f"{spec.severity} goes to routing as it is; what wakes people is severity page"
            problems.warn(entry, (*location, "severity"), text)
        long = condition.lookback_window.length
        short = max(MINUTE, round(long / MINUTE / SHORT) * MINUTE)
        budget = condition.threshold * (long / period)
        yield BurnAlert(name, spec.severity, budget, long, short, condition.threshold)

    def _condition(self, policy: PolicySpec, place: Place) -> tuple[ConditionSpec, Place] | None:
        entry, location = place
        use = policy.conditions[0]
        at = (*location, "conditions", 0)
        if use.condition_ref is None:
            assert use.spec is not None
            return use.spec, (entry, (*at, "spec"))
        found = self._library.follow(AlertCondition, use.condition_ref, entry, (*at, "conditionRef"))
        return (found[1].spec, (found[0], ("spec",))) if found else None

    def _targets(self, policy: PolicySpec, place: Place) -> None:
        entry, location = place
        for index, use in enumerate(policy.notification_targets):
            if use.target_ref is not None:
                at = (*location, "notificationTargets", index, "targetRef")
                self._library.follow(AlertNotificationTarget, use.target_ref, entry, at)


def guarded(alerts: Sequence[BurnAlert], indicator: Indicator, min_bad: float | None) -> tuple[BurnAlert, ...]:
    """The alerts with their guard against low traffic: `min_bad` when it is given.

    It is off for an indicator that counts minutes, of which there are always few.
    """
    if min_bad is None and indicator.kind in ("raw", "threshold"):
        min_bad = 0.0
    return tuple(alerts) if min_bad is None else tuple(replace(one, min_bad=min_bad) for one in alerts)


def named_rules(period: timedelta, windows: str, entry: Entry) -> tuple[BurnRule, ...]:
    """The rules of a windows file: one of ours by name, or a file by its path from the OpenSLO file's directory.

    Raises ValueError saying what was expected.
    """
    if windows.endswith((".yaml", ".yml")):
        return burn_rules(period, entry.path.parent / windows)
    return burn_rules(period, windows)
