"""`meterline export`: what Meterline knows, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.options import config_option, json_option, load_config
from meterline.cli.progress import progress_bar
from warehouse.errors import ConfigurationError


@click.group()
def export() -> None:
    """Facts as files for other programs."""


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
