"""`meterline alerts backtest`: what a rule would have done, before it is enabled."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meterline.cli.options import config_option, json_option, load_config
from warehouse.errors import ConfigurationError, MeterlineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from alerts.rules.backtest import Backtest
    from alerts.rules.model import Rule
    from meterline.config.model import Config
    from warehouse.published import Published

INCIDENTS = "on_call_incident_recent"


@click.command()
@click.argument("rule")
@config_option
@json_option
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How much of the past.")
def backtest(rule: str, config: Path, json: bool, days: int) -> int:
    """What a rule would have done: how many pages, and how many of them with an incident.

    RULE is the name of a rule, enabled or not, or a YAML file of rules.
    """
    from alerts.rules.backtest_text import backtest_text
    from meterline.output import as_json
    from warehouse.published import Published

    loaded = load_config(config)
    rules = _meant(loaded, rule)
    found = [_tested(loaded, Published.current(loaded.data), one, days) for one in rules]
    if json:
        rows = [_row(one) for one in found]
        click.echo(as_json(rows[0] if len(rows) == 1 else rows))
        return 0
    for one in found:
        click.echo(f"{one.rule}: {backtest_text(one)}")
    return 0


def _row(found: Backtest) -> dict[str, Any]:
    from alerts.rules.backtest_text import backtest_text

    row = asdict(found) | {"text": backtest_text(found)}
    for name in ("median_duration", "longest_duration"):
        length = row.pop(name)
        row[f"{name}_s"] = None if length is None else length.total_seconds()
    return row


def _meant(config: Config, rule: str) -> Sequence[Rule]:
    from alerts.rules.load import read_rules
    from meterline.alerting.rules import rules_of

    path = Path(rule)
    if path.suffix in (".yaml", ".yml"):
        found = read_rules(path)
        if not found:
            raise ConfigurationError(f"{path} has no rule", "docs/alert-rules.md says how one is written")
        return found
    rules = rules_of(config)
    named = rules.named(rule)
    if named is None:
        known = ", ".join(sorted(one.name for one in (*rules, *(off for off, _ in rules.off))))
        raise ConfigurationError(f"no rule is named {rule}", f"name one of {known}, or a YAML file")
    return (named,)


def _tested(config: Config, published: Published, rule: Rule, days: int) -> Backtest:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from alerts.rules.backtest import Sleep
    from alerts.rules.backtest import backtest as replayed
    from alerts.rules.burn_history import burn_history
    from alerts.rules.signal import SignalInactive, source_of
    from meterline.alerting.signals import signals

    until = published.published_at
    since = until - timedelta(days=days)
    sources = {**burn_history(published), **signals(config, published, None)}
    try:
        frame = source_of(rule, sources)(rule, since, until + timedelta(microseconds=1))
    except SignalInactive as inactive:
        raise MeterlineError(
            f"the rule {rule.name} has no history ({inactive.message})",
            "configure the source of its table",
        ) from inactive
    return replayed(rule, frame, _incidents(published), since, until, Sleep(zone=ZoneInfo(config.report.timezone)))


def _incidents(published: Published) -> pl.DataFrame | None:
    """None where no on-call system is read and nobody was ever paged: then there is nothing to compare with."""
    if INCIDENTS not in published.tables:
        return None
    found = published.table(INCIDENTS)
    return found if found.height else None
