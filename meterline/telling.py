"""How an error is told to a person at a terminal."""

from __future__ import annotations

import click

from warehouse.errors import MeterlineError


def tell(error: MeterlineError, subject: str = "") -> None:
    """The error and its remedy on stderr; one `error:` line for each line of its message."""
    for line in error.message.splitlines():
        click.echo(f"error: {subject}{line}", err=True)
    if error.remedy:
        click.echo(f"  fix: {error.remedy}", err=True)
