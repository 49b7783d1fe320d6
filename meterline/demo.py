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
from meterline.alerting.pulse import page_rules
from meterline.cli.progress import progress_bar
from meterline.collecting import Clock, Outcome, collect_all, collect_slis, utc_now
from meterline.config.load import load
from meterline.config.model import Config, Listen
from meterline.inventory import store_inventory
from meterline.on_call import store_episodes
from meterline.output import as_json, print_table
from meterline.runbooks import check_runbooks
from meterline.service.listening import free_port
from meterline.service.run import Service, stop_signals
from meterline.telling import tell
from sample_data.alert_rules import write_rules
from sample_data.billing import write_bill
from sample_data.charges import platform_charges
from sample_data.configuration import Reliability, demo_configuration
from sample_data.drift_workspace import write_drift_workspace
from sample_data.objectives import write_objectives
from sample_data.routing import write_routing
from sample_data.server import SamplePlatform
from warehouse.alert_log.log import AlertLog
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
    platform, workspace, bills = served.platform, directory / "drift-workspace", directory / "bills"
    write_drift_workspace(workspace, platform.models, platform.end, DAYS, seed=platform.seed)
    write_bill(bills, platform_charges(platform))
    write_objectives(directory / "slos", platform, served.runbooks_url)
    write_rules(directory / "rules" / "changes.yaml", platform, served.runbooks_url)
    routing_key = _secret(directory / "pagerduty-key", served.pagerduty_key)
    events = f"{served.pagerduty_url}/v2/enqueue"
    write_routing(directory / "alertmanager.yml", platform, served.hooks_url, events, routing_key)
    token = _secret(directory / "airflow-token", served.airflow_token)
    usual = Listen()
    reliability = Reliability(
        served.pagerduty_url,
        _secret(directory / "pagerduty-token", served.pagerduty_token),
        _port(usual.address, usual.api),
        _port(usual.address, usual.dashboards),
    )
    text = demo_configuration(
        platform, served.prometheus_url, served.airflow_url, token, directory / "data", workspace, bills, reliability
    )
    target = directory / "meterline.yaml"
    target.write_text(text, encoding="utf-8")
    return load(target)


def _secret(target: Path, text: str) -> Path:
    target.touch(mode=0o600)
    target.write_text(text, encoding="utf-8")
    return target


def _port(address: str, port: int) -> int:
    """The usual port, or a free one when something listens there: a demo should not fail on that."""
    try:
        return free_port(address, port, "listen")
    except ConfigurationError:
        return free_port(address, 0, "listen")


def cycle(config: Config, warehouse: Warehouse) -> tuple[list[Outcome], Analysis]:
    """Collect every source, analyse, publish."""
    store_inventory(warehouse, config)
    with progress_bar() as progress:
        outcomes = collect_all(warehouse, config.sources, None, progress)
        slis = collect_slis(warehouse, config, utc_now())
        check_runbooks(warehouse, page_rules(warehouse), utc_now())
        with AlertLog(config.data) as log:
            store_episodes(warehouse, log, utc_now())
        analysis = analyze(warehouse, utc_now(), progress=progress)
    for outcome in outcomes:
        if outcome.error:
            tell(outcome.error, f"source {outcome.source}: ")
    for sli, error in slis.failures.items():
        tell(error, f"indicator {sli}: ")
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
