"""`meterline collect`: one pass over the sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.interruption import ends_at_once
from meterline.cli.options import config_option, interval, interval_options, json_option, load_config
from meterline.cli.progress import progress_bar
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from collector.source import SourceSettings
    from meterline.collecting import Outcome, Slis
    from meterline.config.model import Config


@click.command()
@config_option
@json_option
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; may be given several times.")
@interval_options
def collect(config: Path, json: bool, names: tuple[str, ...], start: datetime | None, end: datetime | None) -> int:
    """Store what is new in every source, and in the indicators of objectives.

    With --from (and --to), exactly that interval of the sources: collecting it again changes nothing.
    """
    from meterline.collecting import Slis, collect_all, collect_slis, utc_now
    from meterline.inventory import store_inventory
    from warehouse.database import Warehouse

    loaded = load_config(config)
    span = interval(start, end, utc_now())
    chosen = choose(loaded, names)
    with Warehouse.open(loaded.data, "meterline collect") as warehouse:
        store_inventory(warehouse, loaded)
        with progress_bar() as progress, ends_at_once():
            outcomes = collect_all(warehouse, chosen, span, progress)
            now = span is None and not names
            slis = collect_slis(warehouse, loaded, utc_now()) if now else Slis(0, {})
    report(outcomes, json)
    report_slis(slis, json)
    return 3 if slis.failures or any(outcome.error for outcome in outcomes) else 0


def choose(config: Config, names: tuple[str, ...]) -> list[SourceSettings]:
    """The sources of those names, all when none is given. Raises ConfigurationError for a name that is not there."""
    known = {source.name: source for source in config.sources}
    if not known:
        raise ConfigurationError("no sources are configured", "add one under `sources:`, see `meterline init`")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(f"no source is named {', '.join(unknown)}", f"known sources: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def report(outcomes: list[Outcome], json: bool) -> None:
    """What was stored on stdout, errors on stderr."""
    from meterline.output import as_json
    from meterline.telling import tell

    if json:
        click.echo(as_json([as_row(outcome) for outcome in outcomes]))
    for outcome in outcomes:
        if outcome.error:
            tell(outcome.error, f"source {outcome.source}: ")
        elif outcome.collected and not json:
            within = f" in {outcome.collected.interval}" if outcome.collected.interval else ""
            click.echo(f"{outcome.source}: {outcome.collected.rows} rows{within}")
            click.echo("".join([f"  note: {note}\n" for note in outcome.collected.notes]), nl=False)


def report_slis(slis: Slis, json: bool) -> None:
    """What was stored of service level indicators on stdout, where there are any, and errors on stderr."""
    from meterline.telling import tell

    for sli, error in slis.failures.items():
        tell(error, f"indicator {sli}: ")
    if slis.rows and not json:
        click.echo(f"indicators: {slis.rows} rows")


def as_row(outcome: Outcome) -> dict[str, object]:
    """One outcome for JSON: source, ok, rows, start, end, notes, error, remedy."""
    collected, error = outcome.collected, outcome.error
    span = collected.interval if collected else None
    return {
        "source": outcome.source,
        "ok": error is None,
        "rows": collected.rows if collected else None,
        "start": span.start if span else None,
        "end": span.end if span else None,
        "notes": list(collected.notes) if collected else [],
        "error": error.message if error else None,
        "remedy": error.remedy if error else None,
    }
