"""The demo: the sample platform behind real HTTP, then everything as a user would run it on a platform of their own.

What it writes lies below one directory that is made anew at every start; a directory that is not a demo's is refused.
Nothing of the sample is known here but its addresses and its configuration text.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from analytics.runner import Analysis, analyze
from dashboards.serve import wait_until_healthy
from meterline import results
from meterline.cli.progress import progress_bar
from meterline.collecting import Clock, Outcome, collect_all, utc_now
from meterline.config.load import load
from meterline.config.model import Config
from meterline.inventory import store_inventory
from meterline.output import as_json, print_table
from meterline.service.listening import free_port
from meterline.service.run import Service, stop_signals
from meterline.telling import tell
from sample_data.billing import write_bill
from sample_data.charges import platform_charges
from sample_data.configuration import demo_configuration
from sample_data.drift_workspace import write_drift_workspace
from sample_data.server import SamplePlatform
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.ownership import Ownership
from warehouse.published import Published

DAYS = 30
MARKER = ".meterline-demo"
OWNER_FILE = "owner.lock"
HEALTHY_SECONDS = 45.0


@contextmanager
def sample(directory: Path, clock: Clock | None = None) -> Iterator[Config]:
    """Yields the configuration of a sample platform that is up while the block lasts; `directory` is made anew.

    The platform's time goes on with `clock`; it stands still without one. Raises WarehouseBusy when another demo uses
    the directory, ConfigurationError when it holds something else.
    """
    directory = directory.absolute()
    if directory.exists() and any(directory.iterdir()) and not (directory / MARKER).exists():
        raise ConfigurationError(
            f"{directory} holds something that is not a demo's", "name another one with --data DIR"
        )
    with Ownership(directory, "meterline demo"):
        for entry in directory.iterdir():
            if entry.name != OWNER_FILE:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        (directory / MARKER).touch()
        with SamplePlatform(end=utc_now(), days=DAYS, clock=clock) as platform:
            yield _configure(directory, platform)


def _configure(directory: Path, served: SamplePlatform) -> Config:
    workspace, token = directory / "drift-workspace", directory / "airflow-token"
    write_drift_workspace(workspace, served.platform.models, served.platform.end, DAYS, seed=served.platform.seed)
    token.touch(mode=0o600)
    token.write_text(served.airflow_token, encoding="utf-8")
    bills = directory / "bills"
    write_bill(bills, platform_charges(served.platform))
    text = demo_configuration(
        served.platform, served.prometheus_url, served.airflow_url, token, directory / "data", workspace, bills
    )
    target = directory / "meterline.yaml"
    target.write_text(text, encoding="utf-8")
    config = load(target)
    listen = config.listen
    ports = {"api": _port(listen.address, listen.api), "dashboards": _port(listen.address, listen.dashboards)}
    return config.model_copy(update={"listen": listen.model_copy(update=ports)})


def _port(address: str, port: int) -> int:
    """The usual port, or 0 (any) when something listens there: a demo should not fail on that."""
    try:
        return free_port(address, port, "listen")
    except ConfigurationError:
        return 0


def cycle(config: Config, warehouse: Warehouse) -> tuple[list[Outcome], Analysis]:
    """Collect every source, analyse, publish."""
    store_inventory(warehouse, config)
    with progress_bar() as progress:
        outcomes = collect_all(warehouse, config.sources, None, progress)
        analysis = analyze(warehouse, utc_now(), progress=progress)
    for outcome in outcomes:
        if outcome.error:
            tell(outcome.error, f"source {outcome.source}: ")
    for name, reason in analysis.failed.items():
        click.echo(f"error: analytic {name}: {reason}", err=True)
    return outcomes, analysis


def once(directory: Path, json: bool) -> int:
    """One cycle and a summary of the month that the sample ends in."""
    began = time.monotonic()
    with _interruptible(), sample(directory) as config, Warehouse.open(config.data, "meterline demo") as warehouse:
        outcomes, analysis = cycle(config, warehouse)
    published = Published.current(config.data)
    yesterday = utc_now() - timedelta(days=1)  # on the first of a month, the month before has more to show
    kpis = results.kpis(published, "month", yesterday, None)
    bill = results.bill(published, yesterday.date().replace(day=1), ("team",))
    seconds = round(time.monotonic() - began, 1)
    if json:
        click.echo(as_json({"kpis": kpis, "showback": bill.rows, "data": str(directory), "seconds": seconds}))
    else:
        print_table(
            [row for row in kpis if row["scope"] == "platform"],
            ("kpi", "value", "unit", "n", "status", "target", "verdict"),
            f"KPIs of {bill.month:%Y-%m}",
        )
        click.echo()
        print_table(bill.rows, ("team", "gpu_hours", "cost"), f"Showback {bill.month:%Y-%m}, {bill.currency}")
        click.echo(f"\n{seconds:.0f} s; more: meterline kpis --config {directory / 'meterline.yaml'}")
    if analysis.failed:
        return 1
    return 3 if any(outcome.error for outcome in outcomes) else 0


def stay(directory: Path, *, browser: bool) -> int:
    """The dashboards at once, filled by one cycle, then the service until it is stopped."""
    with (
        _interruptible(),
        sample(directory, utc_now) as config,
        Warehouse.open(config.data, "meterline demo") as warehouse,
    ):
        store_inventory(warehouse, config)
        with Service(config, warehouse) as service:
            healthy = threading.Thread(target=_announce, args=(service.dashboards_url, service.api_url), daemon=True)
            healthy.start()
            cycle(config, warehouse)
            healthy.join(HEALTHY_SECONDS)
            with stop_signals() as stop:
                service.schedule(collect_now=False)
                click.echo("filled; Ctrl-C ends the demo")
                if browser and _has_display():
                    webbrowser.open(service.dashboards_url)
                service.watch(stop)
    click.echo(f"stopped; what was collected is in {directory}")
    return 0


def _announce(dashboards: str, api: str) -> None:
    try:
        wait_until_healthy(dashboards, HEALTHY_SECONDS)
    except MeterlineError as error:
        tell(error)
    click.echo(f"dashboards {dashboards}\nAPI        {api}")


def _has_display() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that everything that was started is stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
