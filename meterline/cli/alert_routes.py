"""`meterline alerts route`: where an alert would go, in amtool's words; and whether a routing file is right.

Reads a file and nothing else: no configuration, no warehouse, no running service.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meterline.cli.options import json_option
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from alerts.routing.load import Routing
    from alerts.routing.matcher_text import Mode

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Which receivers an alert with these labels goes to.")
@click.argument("labels", nargs=-1, metavar="[LABEL=VALUE]...")
@click.option("--routing", type=FILE, metavar="FILE", help="An Alertmanager configuration.")
@click.option("--check", type=FILE, metavar="FILE", help="Only say whether this file is a valid one.")
@click.option(
    "--matchers",
    type=click.Choice(["fallback", "classic", "utf8"]),
    default="fallback",
    show_default=True,
    help="How matchers are read: as Alertmanager does since 0.27, as before 0.27, or only the new way.",
)
@json_option
def route(labels: tuple[str, ...], routing: Path | None, check: Path | None, matchers: Mode, json: bool) -> int:
    """Which receivers an alert with these labels goes to, in order, as `amtool config routes test` prints them.

    With --check, whether a file is valid, as `amtool check-config` says. Exits with 2 when a file or a label is wrong.
    """
    from alerts.routing.load import load_routing

    if check:
        if labels or routing:
            raise ConfigurationError("--check takes neither --routing nor labels", "leave them out")
        found = load_routing(check, matchers)
        _warn(found)
        click.echo(_summary(check, found, json))
        return 0
    if not routing:
        raise ConfigurationError("no routing file is named", "give one with --routing FILE")
    found = load_routing(routing, matchers)
    click.echo(_receivers(found, _labels(labels, matchers), json))
    return 0


def _labels(words: tuple[str, ...], mode: Mode) -> dict[str, str]:
    from alerts.routing.matcher_text import parse_matcher

    labels: dict[str, str] = {}
    for word in words:
        try:
            given = parse_matcher(word, mode)
        except ValueError as error:
            raise ConfigurationError(f"label {word!r} cannot be read: {error}", "write it as name=value") from None
        if given.op != "=":
            raise ConfigurationError(f"label {word!r}: {given.op} is no label", "write it as name=value")
        labels[given.name] = given.value
    return labels


def _receivers(routing: Routing, labels: dict[str, str], json: bool) -> str:
    from alerts.routing.route import group_key, group_labels, match
    from meterline.output import as_json

    routes = match(routing.root, labels)
    if not json:
        return ",".join(taken.receiver for taken in routes)
    return as_json(
        [
            {
                "receiver": taken.receiver,
                "path": list(taken.path),
                "group_key": group_key(taken, group_labels(taken, labels)),
                "integrations": [one.key for one in routing.receivers[taken.receiver].integrations],
            }
            for taken in routes
        ]
    )


def _summary(path: Path, routing: Routing, json: bool) -> str:
    from alerts.routing.route import walk
    from meterline.output import as_json

    counts = {
        "routes": len(walk(routing.root)),
        "inhibit_rules": len(routing.inhibit_rules),
        "receivers": len(routing.receivers),
        "time_intervals": len(routing.time_intervals),
    }
    if json:
        return as_json({"file": str(path), "valid": True, **counts, "warnings": list(routing.warnings)})
    told = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
    return f"{path} is valid: {told}"


def _warn(routing: Routing) -> None:
    for sentence in routing.warnings:
        click.echo(f"warning: {sentence}", err=True)
