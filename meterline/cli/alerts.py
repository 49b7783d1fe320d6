"""`meterline alerts`: what fires, why somebody was paged or not, and the words that people have about it.

These commands read and write the log of alerts directly, so they work beside the running service and without it.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meterline.cli.alert_backtest import backtest
from meterline.cli.alert_routes import route
from meterline.cli.alert_rules import rules
from meterline.cli.options import config_option, json_option, load_config
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from warehouse.alert_log.log import AlertLog

VERDICTS = ("actionable", "noise", "planned", "duplicate")
RECENT = timedelta(days=7)

by_option = click.option("--by", default=None, metavar="NAME", help="Who says so; your login if absent.")
note_option = click.option("--note", default="", metavar="TEXT", help="Kept with it.")


@click.group(invoke_without_command=True)
@click.pass_context
@config_option
@json_option
def alerts(context: click.Context, config: Path, json: bool) -> None:
    """What fires now, why you were paged or not; acknowledge, judge, silence, backtest.

    Without a subcommand it is `list`.
    """
    if context.invoked_subcommand is None:
        context.exit(context.invoke(list_alerts, config=config, json=json, everything=False))
    context.default_map = {name: {"config": config} for name in alerts.commands}


@alerts.command("list")
@config_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Also those that ended in the last seven days.")
def list_alerts(config: Path, json: bool, everything: bool) -> int:
    """The alerts that fire now."""
    from meterline.alerting.explaining import listed_row
    from meterline.output import as_json, print_table
    from warehouse.alert_log.history import listed

    now = datetime.now(UTC)
    with opened(config) as log:
        found = listed(log, since=now - RECENT if everything else None, limit=10_000)
    rows = [listed_row(one, now) for one in found]
    if json:
        click.echo(as_json(rows))
    elif rows:
        columns = ("fingerprint", "alertname", "severity", "state", "starts_at", "paged_at", "acked_by", "summary")
        rows.sort(key=lambda row: (row["state"] == "resolved", row["severity"] not in ("page", "critical")))
        print_table([_for_people(row) for row in rows], columns, "Alerts")
    else:
        none = "nothing fired in the last 7 days"
        click.echo(none if everything else "nothing fires; --all also shows what ended in the last 7 days")
    return 0


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its summary, times to the second, and nothing that a terminal would obey."""
    times = {key: value.replace(microsecond=0) for key, value in row.items() if isinstance(value, datetime)}
    words = {"alertname": visible(row["alertname"]), "summary": visible(row["annotations"].get("summary", ""))}
    return row | times | words


@alerts.command()
@click.argument("fingerprint")
@config_option
@json_option
def explain(fingerprint: str, config: Path, json: bool) -> int:
    """Why was I (not) paged? FINGERPRINT as `list` shows it, or its first digits."""
    from meterline.alerting.explaining import explained, meant
    from meterline.output import as_json

    with opened(config) as log:
        told = explained(meant(log, fingerprint), datetime.now(UTC))
    if json:
        click.echo(as_json(told))
        return 0
    click.echo(visible(" ".join(f'{name}="{value}"' for name, value in sorted(told["labels"].items()))))
    click.echo(f"\nPaged? {visible(told['answer'])}\n")
    for line in told["lines"]:
        click.echo(f"{line['at']:%Y-%m-%d %H:%M:%S}  {visible(line['text'])}")
    return 0


@alerts.command("ack")
@click.argument("fingerprints", nargs=-1, required=True)
@config_option
@by_option
@note_option
def acknowledge(fingerprints: tuple[str, ...], config: Path, by: str | None, note: str) -> int:
    """Say that you are on it; PagerDuty hears it too."""
    from warehouse.alert_log import feedback

    now, who = datetime.now(UTC), by or getpass.getuser()
    with opened(config) as log:
        known = _meant(log, fingerprints)
        with log.transaction() as tx:
            feedback.acknowledge(tx, known, who, note, now)
            feedback.forward_acknowledgement(tx, known, who, now)
    click.echo(f"acknowledged by {who}: {', '.join(known)}")
    return 0


@alerts.command()
@click.argument("fingerprint")
@click.argument("verdict", type=click.Choice(VERDICTS))
@config_option
@by_option
@note_option
def judge(fingerprint: str, verdict: str, config: Path, by: str | None, note: str) -> int:
    """Say what a page was worth; alert precision is made of these words."""
    from warehouse.alert_log import feedback

    who = by or getpass.getuser()
    with opened(config) as log:
        known = _meant(log, (fingerprint,))
        with log.transaction() as tx:
            feedback.judge(tx, known, verdict, who, note, datetime.now(UTC))
    click.echo(f"{known[0]} judged {verdict} by {who}")
    return 0


@alerts.group(invoke_without_command=False)
def silence() -> None:
    """Keep notifications back for a while: add, list, expire."""


@silence.command()
@click.argument("matchers", nargs=-1, required=True)
@click.option("--for", "span", required=True, metavar="DURATION", help="How long, such as 2h or 1d12h.")
@click.option("--comment", required=True, metavar="TEXT", help="Why; the next on-call reads it.")
@config_option
@by_option
def add(matchers: tuple[str, ...], span: str, comment: str, config: Path, by: str | None) -> int:
    """Silence what MATCHERS match from now on, such as service=chat or severity=~"ticket|info"."""
    from meterline.alerting.silencing import duration, matchers_of, stored
    from warehouse.alert_log import silences

    now = datetime.now(UTC)
    chosen, until = matchers_of(matchers), now + duration(span)
    with opened(config) as log, log.transaction() as tx:
        made = silences.put(tx, stored(chosen), now, until, by or getpass.getuser(), comment, now)
    click.echo(f"{made}  until {until:%Y-%m-%d %H:%M}Z: {', '.join(map(str, chosen))}")
    return 0


@silence.command("list")
@config_option
@json_option
def list_silences(config: Path, json: bool) -> int:
    """Silences that are active or to come."""
    from meterline.output import as_json, print_table
    from warehouse.alert_log import silences

    now = datetime.now(UTC)
    with opened(config) as log:
        found = silences.silences(log, now)
    rows: list[dict[str, Any]] = [
        {
            "id": one.id, "state": one.state(now), "ends_at": one.ends_at, "created_by": one.created_by,
            "comment": one.comment, "matchers": ", ".join(f'{m["name"]}{m["op"]}"{m["value"]}"' for m in one.matchers),
        }
        for one in found
    ]  # fmt: skip
    if json:
        click.echo(as_json(rows))
    elif rows:
        words = ("created_by", "matchers", "comment")
        print_table(
            [row | {name: visible(row[name]) for name in words} for row in rows],
            ("id", "state", "ends_at", *words), "Silences",
        )  # fmt: skip
    else:
        click.echo("no silences")
    return 0


@silence.command()
@click.argument("ids", nargs=-1, required=True)
@config_option
def expire(ids: tuple[str, ...], config: Path) -> int:
    """End silences now."""
    from warehouse.alert_log import silences

    with opened(config) as log, log.transaction() as tx:
        unknown = [one for one in ids if not silences.expire(tx, one, datetime.now(UTC))]
    if unknown:
        raise ConfigurationError(f"no silence is in force by the id {unknown[0]}", "`meterline alerts silence list`")
    click.echo(f"ended: {', '.join(ids)}")
    return 0


alerts.add_command(route)
alerts.add_command(backtest)
alerts.add_command(rules)


def visible(text: str) -> str:
    """`text` of others on one line: what would move the cursor or begin a line of its own is written out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@contextmanager
def opened(config: Path) -> Iterator[AlertLog]:
    """The log of the configured data directory."""
    from warehouse.alert_log.log import AlertLog

    with AlertLog(load_config(config).data) as log:
        yield log


def _meant(log: AlertLog, prefixes: tuple[str, ...]) -> list[str]:
    from meterline.alerting.explaining import meant

    return [meant(log, prefix).alert.fingerprint for prefix in prefixes]
