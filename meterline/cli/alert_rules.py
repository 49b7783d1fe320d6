"""`meterline alerts rules`: which rules there are, which are off and why, and when each was evaluated last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from meterline.cli.options import config_option, json_option, load_config


@click.command()
@config_option
@json_option
def rules(config: Path, json: bool) -> int:
    """The rules that make alerts, with their owners; which are off, and why."""
    from meterline.alerting.rules import rules_of
    from meterline.output import as_json, print_table
    from warehouse.alert_log.log import AlertLog
    from warehouse.alert_log.moment import from_us

    loaded = load_config(config)
    known = rules_of(loaded)
    with AlertLog(loaded.data) as log:
        clocks = {row["rule"]: row for row in log.rows("SELECT * FROM rule_clock")}
    rows: list[dict[str, Any]] = []
    for rule, off in [*((one, None) for one in known), *known.off]:
        clock = clocks.get(rule.name)
        error = clock["error"] if clock and not off else None
        rows.append({
            "rule": rule.name, "severity": rule.severity, "owner": rule.owner, "status": "off" if off else "on",
            "note": off or (f"failed: {error}" if error else rule.title),
            "evaluated_at": from_us(clock["evaluated_at"]) if clock else None, "runbook_url": rule.runbook_url,
        })  # fmt: skip
    if json:
        click.echo(as_json(rows))
    else:
        print_table(rows, ("rule", "severity", "status", "owner", "evaluated_at", "note"), "Rules")
    return 0
