"""kill -9 at random moments of collection and publishing: nothing lost, nothing doubled, the pointer always valid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from servers import steady
from warehouse.published import Published

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("kills", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_process_loses_and_doubles_nothing(kills: int, tmp_path: Path) -> None:
    with steady.serve("vllm:request_success_total", "vllm:prompt_tokens_total") as url:
        victim = subprocess.run(
            [sys.executable, str(ROOT / "tests" / "crash_victim.py"), url, str(tmp_path), str(kills), "7"],
            capture_output=True, text=True, check=False, cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    assert victim.returncode == 0, victim.stdout + victim.stderr
    assert len(victim.stdout.splitlines()) == kills
    # the test would prove nothing if the kills had all come before anything was stored or published
    assert int(Published.current(tmp_path).version[1:]) > 1 + kills / 8
