"""The `meterline` command: words in, exit code out.

Errors that a person can do something about (`warehouse.errors.MeterlineError`) become `error:` and `fix:` lines on
stderr and their own exit code; anything else is a defect, told in one line unless METERLINE_TRACE=1 asks for the trace.
Command modules import only click and value types at the top, so that `--help` and usage errors answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from meterline.cli.app import app
from meterline.cli.interruption import INTERRUPTED, MESSAGE
from meterline.cli.logs import log_to_stderr, tracing
from meterline.telling import tell
from warehouse.errors import MeterlineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see the interface: 0, 1, 2, 3, 4, or 130 after Ctrl-C)."""
    if tracing():
        log_to_stderr()
    try:
        result = app.main(args=arguments, prog_name="meterline", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(MESSAGE, err=True)
        return INTERRUPTED
    except MeterlineError as error:
        if tracing():
            raise
        tell(error)
        return error.exit_code
    except BrokenPipeError:  # `meterline kpis | head`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as defect:
        if tracing():
            raise
        first = (str(defect).splitlines() or [""])[0]
        click.echo(f"error: unexpected {type(defect).__name__}: {first}", err=True)
        click.echo("  fix: this is a defect of Meterline; METERLINE_TRACE=1 shows where, please report it", err=True)
        return 1
