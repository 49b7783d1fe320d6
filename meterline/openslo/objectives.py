"""From SLO objects to objectives with indicators: references are followed, services looked up, slices judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from collector.source import SourceSettings
from meterline.config.rules import Location
from meterline.config.services import Service as ConfiguredService
from meterline.openslo.annotations import Annotations, ours
from meterline.openslo.burn_alerts import BurnAlerts, guarded
from meterline.openslo.duration import REAL
from meterline.openslo.files import Entry
from meterline.openslo.indicators import Indicators
from meterline.openslo.kinds import Service, Slo
from meterline.openslo.library import Library
from meterline.openslo.problems import Problems
from meterline.openslo.slo import Target
from meterline.openslo.slos import BurnAlert, Indicator, Objective, Window

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an SLO is."""

    team: str | None
    tier: int | None
    owner: str | None
    runbook_url: str | None


class Objectives:
    """Makes objectives of SLOs. `services` and `sources` are those of the configuration."""

    def __init__(
        self, library: Library, services: Sequence[ConfiguredService], sources: Sequence[SourceSettings] | None,
        problems: Problems,
    ) -> None:  # fmt: skip
        self._library = library
        self._services = {one.name: one for one in services}
        self._indicators = Indicators(library, self._services, sources, problems)
        self._alerts = BurnAlerts(library, problems)
        self._problems = problems

    def all(self) -> tuple[Objective, ...]:
        """Every objective of every SLO, in the order of the files; those of SLOs with a problem are left out."""
        self._alerts.check()
        return tuple(one for entry, slo in self._library.all(Slo) for one in self._of(slo, entry))

    def _of(self, slo: Slo, entry: Entry) -> Iterator[Objective]:
        spec, window = slo.spec, slo.spec.time_window[0]
        notes = Annotations.model_validate(ours(slo.metadata.annotations))
        owner = self._owner(slo, notes, entry)
        if window.is_rolling and window.duration.unit in REAL:
            usual = window.duration.length // DAY
            self._problems.warn(
                entry, ("spec", "timeWindow", 0, "duration"), f"{window.duration} of a rolling window is {usual}d"
            )
        measure = self._indicators.measure(slo, entry)
        burning = self._alerts.of(slo, entry, window.duration.length, notes.burn_alerts)
        if measure is None:
            return
        names = [one.display_name or one.percent for one in spec.objectives]
        calendar = window.calendar
        for index, target in enumerate(spec.objectives):
            place: Location = ("spec", "objectives", index)
            if names[index] in names[:index]:
                self._problems.add(entry, place, "unique-objective")
            indicator = self._indicators.of(slo, names[index], target, measure, (entry, place))
            if indicator is None:
                continue
            alerts = guarded(burning, indicator, notes.min_bad_events)
            self._judge_slices(slo, target, indicator, alerts, entry, place)
            size = target.time_slice_window
            sliced = spec.budgeting_method != "Occurrences" and size is not None
            yield Objective(
                slo=slo.name, objective=names[index], title=slo.metadata.display_name or slo.name,
                description=spec.description, service=spec.service, team=owner.team, tier=owner.tier,
                target=target.part, method=spec.budgeting_method,
                slice_target=float(target.time_slice_target)
                if spec.budgeting_method == "Timeslices" and target.time_slice_target is not None else None,
                slice=size.length if sliced and size is not None else None, empty_slices=notes.empty_slices,
                window=Window(window.duration, calendar.start_time, calendar.time_zone)
                if calendar else Window(window.duration),
                indicator=indicator, owner=owner.owner, runbook_url=owner.runbook_url, alerts=alerts,
            )  # fmt: skip

    def _owner(self, slo: Slo, notes: Annotations, entry: Entry) -> Owner:
        known = self._services.get(slo.spec.service)
        if known is None:
            names = ", ".join(sorted(self._services)) or "none is configured under services"
            text = f"{slo.spec.service} is no service of the configuration ({names}): facts are not joined to it"
            self._problems.warn(entry, ("spec", "service"), text)
        described = self._library.find(Service, slo.spec.service)
        labels = dict(described[1].metadata.labels) if described else {}
        labels |= slo.metadata.labels
        theirs = Annotations.model_validate(ours(described[1].metadata.annotations)) if described else Annotations()
        team = known.team if known else _first(labels.get("team"))
        tier = known.tier if known else _number(_first(labels.get("tier")))
        return Owner(team, tier, notes.owner or theirs.owner or team, notes.runbook_url or theirs.runbook_url)

    def _judge_slices(
        self, slo: Slo, target: Target, indicator: Indicator, alerts: Sequence[BurnAlert],
        entry: Entry, place: Location,
    ) -> None:  # fmt: skip
        method, size = slo.spec.budgeting_method, target.time_slice_window
        if method == "Occurrences":
            for key, value in (("timeSliceTarget", target.time_slice_target), ("timeSliceWindow", size)):
                if value is not None:
                    self._problems.warn(entry, (*place, key), "says nothing with Occurrences")
            return
        assert size is not None
        if size.length % indicator.grain or size.length > DAY:
            minutes = indicator.grain // timedelta(minutes=1)
            text = f"expected a multiple of {minutes}m up to 1d: the indicator has one count each {minutes}m"
            self._problems.add(entry, (*place, "timeSliceWindow"), "time-slice-grain", text)
        short = [alert.rule for alert in alerts if alert.short < size.length]
        if short:
            text = f"longer than the short window of {', '.join(short)}: they see a slice only just after its end"
            self._problems.warn(entry, (*place, "timeSliceWindow"), text)


def _first(values: Sequence[str] | None) -> str | None:
    return values[0] if values else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 4 else None
