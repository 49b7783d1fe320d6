"""Which dashboards a configuration gives, and what is not in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collector.prometheus import profile
from collector.prometheus.settings import PrometheusSettings
from meterline.grafana.dashboard import dashboard
from meterline.grafana.panel import Content
from meterline.grafana.template import boards
from meterline.grafana.wording import Subject
from meterline.openslo.slos import FACTS
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from meterline.config.model import Config


def dashboards_of(config: Config, source: str | None = None) -> tuple[dict[str, Content], list[str]]:
    """Dashboards by their uid, and notes for people.

    For the Prometheus source of that name, with its matchers; for all of them together when absent, where matchers hold
    only if there is one source. Raises ConfigurationError for a source that is not configured.
    """
    sources = [one for one in config.sources if isinstance(one, PrometheusSettings)]
    chosen = [one for one in sources if source in (None, one.name)]
    if not chosen:
        known = ", ".join(one.name for one in sources) or "none"
        wanted = f"no Prometheus source is named {source}" if source else "no Prometheus source is configured"
        raise ConfigurationError(wanted, f"known sources: {known}")
    notes = []
    if len(chosen) > 1 and any(one.match for one in chosen):
        notes.append("matchers of sources are left out, as there are several: name one with --source")
    asked = [one for one in config.slos.objectives if source in (None, one.indicator.source)]
    objectives = [one for one in asked if one.indicator.source != FACTS]
    if len(objectives) < len(asked):
        notes.append(f"{len(asked) - len(objectives)} objectives are made of Meterline's own facts: left out")
    subject = Subject(
        profile.load_all(tuple(dict.fromkeys(name for one in chosen for name in one.profiles))),
        objectives,
        chosen[0].match if len(chosen) == 1 else "",
    )
    made = {}
    for board in boards():
        content = dashboard(board, subject)
        if content is None:
            notes.append(f"{board.title}: left out, it needs {board.needs}")
        else:
            made[board.uid] = content
    return made, notes
