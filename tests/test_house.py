"""Rules of the house that no type checker sees."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("meterline", "collector", "warehouse", "analytics", "alerts", "quota", "dashboards", "sample_data")


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_why_it_exists_and_fits_one_room(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "a module opens with what it is for"
    assert len(text.splitlines()) <= 400, "a file that needs scrolling to understand is two files"


def test_no_drawers() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
    assert not [path for path in modules(*PACKAGES) if path.stem in drawers]


def test_only_the_warehouse_connects_to_a_database() -> None:
    opened = re.compile(r"duckdb\.connect|sqlite3\.connect")
    elsewhere = [
        path for path in modules(*PACKAGES) if "warehouse" not in path.parts and opened.search(path.read_text())
    ]
    assert elsewhere == []


def test_no_metric_name_in_python() -> None:
    """They are data: profiles/*.yaml. (The sample platform plays the exporters, so it has to know them.)"""
    named = re.compile(r"DCGM_FI_|vllm:|kube_pod_|kube_node_|istio_requests|nv_inference|kn_serving")
    assert not [
        path for path in modules("collector", "analytics", "dashboards", "meterline") if named.search(path.read_text())
    ]


def test_the_lock_is_hashed_names_no_index_and_keeps_pandas_below_3() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pins = re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock, re.MULTILINE | re.IGNORECASE)
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE | re.IGNORECASE)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert [version for name, version in pins if name == "pandas" and not version.startswith("2.")] == []
    assert {"duckdb", "pandas", "evidently", "kubernetes"} <= {name for name, _ in pins}
    assert not (ROOT / "uv.lock").exists()
