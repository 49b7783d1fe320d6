"""`meterline alerts route`, as a shell would call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from meterline.cli.alert_routes import route
from warehouse.errors import ConfigurationError

DATA = Path(__file__).parents[2] / "data" / "alertmanager"
PLATFORM = str(DATA / "configs" / "12_ai_platform.yml")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(route, arguments, catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0
    return done.stdout


def test_receivers_in_order() -> None:
    assert run("--routing", PLATFORM, "alert_kind=cost_anomaly", 'amount_band="high"') == "finops,finops-page\n"
    assert run("--routing", PLATFORM) == "noc\n"


def test_receivers_as_json() -> None:
    found = json.loads(run("--routing", PLATFORM, "--json", "alert_kind=slo_burn", "severity=page", "slo=a"))
    assert found == [
        {
            "receiver": "sre-page-low",
            "path": ["{}", '{alert_kind="slo_burn"}', '{severity="page"}'],
            "group_key": '{}/{alert_kind="slo_burn"}/{severity="page"}'
            ':{alert_kind="slo_burn", severity="page", slo="a"}',
            "integrations": [],
        }
    ]


def test_check() -> None:
    assert "is valid: 7 routes, 0 inhibit rules, 7 receivers" in run("--check", PLATFORM)
    assert json.loads(run("--check", PLATFORM, "--json"))["valid"] is True
    with pytest.raises(ConfigurationError, match="root route must not have any matchers"):
        run("--check", str(DATA / "bad_configs" / "root_has_matchers.yml"))
    dash = str(DATA / "bad_configs" / "dash_label_name.yml")
    assert "is valid" in run("--check", dash)
    with pytest.raises(ConfigurationError, match="bad matcher format"):
        run("--check", dash, "--matchers", "classic")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a=b"], "no routing file is named"),
        (["--routing", PLATFORM, "a"], "label 'a' cannot be read: bad matcher format: a"),
        (["--routing", PLATFORM, "a!=b"], "!= is no label"),
        (["--routing", "/nowhere.yml"], "/nowhere.yml cannot be read"),
        (["--routing", PLATFORM, "--check", PLATFORM], "--check takes neither"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        run(*arguments)
    assert message in refused.value.message
    assert refused.value.exit_code == 2


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, meterline.cli.alert_routes\n"
        "print([name for name in ('pydantic', 're2', 'yaml', 'alerts', 'duckdb', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
    assert isinstance(route, click.Command)
