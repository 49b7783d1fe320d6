"""`meterline run` and `meterline demo`: what stays up until it is stopped."""

from __future__ import annotations

from pathlib import Path

import click

from meterline.cli.logs import log_to_stderr
from meterline.cli.options import config_option, json_option
from warehouse.errors import ConfigurationError


@click.command()
@config_option
def run(config: Path) -> int:
    """Run the service: scheduler, API, dashboards and alerts."""
    from meterline.service.run import run as run_service

    log_to_stderr()
    run_service(config, click.echo)
    return 0


@click.command()
@json_option
@click.option("--once", is_flag=True, help="One full cycle, a summary, exit.")
@click.option("--no-browser", is_flag=True, help="Do not open the dashboards in a browser.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo-data",
    show_default=True,
    metavar="DIR",
    help="Where the demo stores everything; made anew at every start.",
)
def demo(json: bool, once: bool, no_browser: bool, data: Path) -> int:
    """A sample platform, collected and shown.

    The platform is simulated behind real HTTP; collectors, analytics, API and dashboards are the real ones.
    """
    if json and not once:
        raise ConfigurationError("--json is given without --once", "the summary is printed by `demo --once --json`")
    from meterline import demo as sample

    if once:
        return sample.once(data, json)
    log_to_stderr()
    return sample.stay(data, browser=not no_browser)
