"""`meterline export`: what Meterline knows, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.options import config_option, json_option, load_config
from meterline.cli.progress import progress_bar
from warehouse.errors import ConfigurationError


@click.group()
def export() -> None:
    """Facts, objectives, their rules and dashboards as files for other programs."""


out_option = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where it goes; stdout if absent."
)


@export.command()
@config_option
@json_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="facts",
    show_default=True,
    metavar="DIR",
    help="Where the files go; files of the same names are replaced.",
)
def facts(config: Path, json: bool, out: Path) -> int:
    """Every fact table as one Parquet file, all from the same moment."""
    from meterline.output import as_json
    from warehouse.database import Warehouse
    from warehouse.writing import TIME_COLUMN

    loaded = load_config(config)
    tables = sorted(TIME_COLUMN)
    rows: dict[str, int] = {}
    with Warehouse.open(loaded.data, "meterline export facts") as warehouse:
        try:
            out.mkdir(parents=True, exist_ok=True)
            with progress_bar() as progress, warehouse.transaction() as tx:
                for number, table in enumerate(tables):
                    progress(f"export {table}", number / len(tables))
                    aside, target = out / f".{table}.unfinished", out / f"{table}.parquet"
                    name = str(aside.absolute()).replace("'", "''")
                    tx.execute(f"COPY (FROM \"{table}\") TO '{name}' (FORMAT parquet, COMPRESSION zstd)")
                    rows[table] = int(tx.query(f'SELECT count(*) AS rows FROM "{table}"').item())
                    aside.replace(target)
        except OSError as error:
            raise ConfigurationError(f"cannot write to {out} ({error.strerror})", "name another with --out") from error
    if json:
        click.echo(
            as_json([{"table": name, "file": str(out / f"{name}.parquet"), "rows": rows[name]} for name in tables])
        )
    else:
        click.echo("\n".join([f"{out / name}.parquet: {rows[name]} rows" for name in tables]))
    return 0


@export.command("prometheus-rules")
@config_option
@out_option
@click.option("--source", metavar="NAME", help="Only what is asked of this Prometheus source.")
def prometheus_rules(config: Path, out: Path | None, source: str | None) -> int:
    """Recording and alerting rules for the objectives of the configuration.

    What cannot be said in PromQL is named on stderr and in the file.
    """
    from meterline.openslo import prometheus_rules as rules

    objectives = load_config(config).slos.objectives
    known = rules.sources_of(objectives)
    if source is not None and source not in known:
        raise ConfigurationError(
            f"no objective is asked of a source {source}", f"known sources: {', '.join(known) or 'none'}"
        )
    if source is None and len(known) > 1:
        raise ConfigurationError(
            f"the objectives are asked of {len(known)} sources, and a rules file is for one",
            f"name one with --source: {', '.join(known)}",
        )
    exported = rules.prometheus_rules(objectives, source)
    _written(exported.text, out, f"{exported.objectives} of {len(objectives)} objectives")
    for note in exported.notes:
        click.echo(f"note: {note}", err=True)
    return 0


@export.command()
@config_option
@json_option
@click.option("--source", metavar="NAME", help="Only what this Prometheus source reads, with its matchers.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="grafana",
    show_default=True,
    metavar="DIR",
    help="Where the files go; files of the same names are replaced.",
)
def grafana(config: Path, json: bool, source: str | None, out: Path) -> int:
    """Grafana dashboards over what Prometheus has, to be imported or provisioned.

    The one of objectives reads what the rules of `export prometheus-rules` record.
    """
    from meterline.grafana import export as dashboards
    from meterline.output import as_json

    made, notes = dashboards.dashboards_of(load_config(config), source)
    found = []
    for name, content in made.items():
        target = out / f"{name}.json"
        try:
            out.mkdir(parents=True, exist_ok=True)
            target.write_text(as_json(content) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"cannot write {target} ({error.strerror})", "name another with --out") from error
        panels = sum(one["type"] != "row" for one in content["panels"])
        found.append({"dashboard": name, "file": str(target), "panels": panels})
    if json:
        click.echo(as_json(found))
    elif found:
        click.echo("\n".join([f"{one['file']}: {one['panels']} panels" for one in found]))
    for note in notes:
        click.echo(f"note: {note}", err=True)
    return 0


@export.command()
@config_option
@out_option
def openslo(config: Path, out: Path | None) -> int:
    """The OpenSLO objects of the configuration in one file."""
    from meterline.openslo import document

    slos = load_config(config).slos
    _written(document.openslo(slos), out, f"{len(slos.documents)} objects")
    return 0


def _written(text: str, out: Path | None, what: str) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {out} ({error.strerror})", "name another with --out") from error
    click.echo(f"{out}: {what}")
