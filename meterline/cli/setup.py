"""`meterline init` and `meterline check`: a first configuration, and whether the present one works."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.options import config_option, json_option, load_config
from warehouse.errors import ConfigurationError

CONFIG_NAME = "meterline.yaml"
SCHEMA_NAME = "meterline.schema.json"


@click.command()
@click.argument("directory", default=".", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]")
def init(directory: Path) -> int:
    """Write a commented meterline.yaml.

    Its JSON Schema is written beside it, for editors.
    """
    from importlib.resources import files

    from meterline.config.schema import json_schema
    from meterline.output import as_json

    target = directory / CONFIG_NAME
    if target.exists():
        raise ConfigurationError(f"{target} exists already", "edit it, or name another directory")
    template = (files("meterline.config") / "template.yaml").read_text(encoding="utf-8")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / SCHEMA_NAME).write_text(as_json(json_schema()) + "\n", encoding="utf-8")
        target.write_text(f"# yaml-language-server: $schema={SCHEMA_NAME}\n{template}", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write to {directory} ({error.strerror})", "name another directory") from error
    click.echo(f"{target} is written: edit it, then `meterline check --config {target}`")
    return 0


@click.command()
@config_option
@json_option
def check(config: Path, json: bool) -> int:
    """Validate the configuration, and reach every source and Alertmanager.

    Every query of an objective is asked once. The answer is 1 when something does not work as configured: a query, a
    receiver, or prices that contradict each other or lack a rate since some time; reports are made without those.
    """
    from meterline.checking.alerting import check_alerting, read_alerting
    from meterline.checking.objectives import check_objectives
    from meterline.checking.sources import check_sources
    from meterline.collecting import utc_now
    from meterline.inventory import inventory
    from meterline.output import as_json
    from meterline.telling import tell
    from warehouse.interval import naive

    loaded = load_config(config)
    read = read_alerting(loaded)
    now = utc_now()
    sources = check_sources(loaded.sources)
    unreached = [one["source"] for one in sources.content if not one["ok"]]
    slos = check_objectives(loaded, unreached, now)
    alerting = check_alerting(loaded, read)
    findings = (sources, slos, alerting)
    problems = inventory(loaded)["price_problem"].to_dicts()
    if json:
        parts = {"sources": sources.content, "slos": slos.content, "alerting": alerting.content, "prices": problems}
        click.echo(as_json({"config": str(config), **parts}))
    else:
        for line in [line for finding in findings for line in finding.lines]:
            click.echo(line)
        if not any(finding.failed or finding.wrong for finding in findings):
            click.echo(f"{config}: valid, {len(sources.content)} of {len(sources.content)} sources reached")
    for subject, error in [one for finding in findings for one in (*finding.failed, *finding.wrong)]:
        tell(error, f"{subject}: ")
    warnings = [*((one["problem"], one["remedy"]) for one in problems), *(w for one in findings for w in one.warnings)]
    for text, remedy in warnings:
        click.echo(f"warning: {text}" + (f"\n  fix: {remedy}" if remedy else ""), err=True)
    if any(finding.failed for finding in findings):
        return 3
    begun = any(one["valid_from"] is None or one["valid_from"] <= naive(now) for one in problems)
    return int(begun or any(finding.wrong for finding in findings))
