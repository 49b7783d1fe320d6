"""`meterline init` and `meterline check`: a first configuration, and whether the present one works."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.options import config_option, json_option, load_config
from warehouse.errors import ConfigurationError, MeterlineError

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
    """Validate the configuration and reach every source.

    Prices that contradict each other or lack a rate are named, and the answer is 1 when that has begun: reports are
    made without them.
    """
    from meterline.collecting import explained, utc_now
    from meterline.inventory import inventory
    from meterline.output import as_json
    from meterline.telling import tell
    from warehouse.interval import naive

    loaded = load_config(config)
    failed: list[tuple[str, MeterlineError]] = []
    found: list[dict[str, object]] = []
    for source in loaded.sources:
        try:
            lines = source.open().check()
        except Exception as failure:  # one source's failure must not hide what the others say
            reason = explained(source.name, failure)
            failed.append((source.name, reason))
            found.append({"source": source.name, "ok": False, "error": reason.message, "remedy": reason.remedy})
            continue
        found.append({"source": source.name, "ok": True, "found": lines})
        if not json:
            click.echo("\n".join([f"{source.name}: {line}" for line in lines]))
    problems = inventory(loaded)["price_problem"].to_dicts()
    if json:
        click.echo(as_json({"config": str(config), "sources": found, "prices": problems}))
    elif not failed:
        click.echo(f"{config}: valid, {len(found)} of {len(found)} sources reached")
    for name, reason in failed:
        tell(reason, f"source {name}: ")
    for one in problems:
        click.echo(f"warning: {one['problem']}\n  fix: {one['remedy']}", err=True)
    now = naive(utc_now())
    begun = any(one["valid_from"] is None or one["valid_from"] <= now for one in problems)
    return 3 if failed else int(begun)
