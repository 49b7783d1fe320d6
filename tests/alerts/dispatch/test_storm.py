"""A storm of 50,000 alerts is 220 notifications, pages first, and fits into 500 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


@pytest.mark.slow
def test_fifty_thousand_alerts_of_two_hundred_services(tmp_path: Path) -> None:
    command = [sys.executable, str(TESTS / "dispatch_storm.py"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout)
    assert told["notifications"] == {"pager": 20, "team": 200}  # each service's group, and again for those that page
    assert told["alerts"] == 50_000 + 5_000
    assert told["order"] == [0] * 40 + [1] * 180
    assert told["megabytes"] < 500
    assert told["taken_in"] + told["told"] < 30  # a few seconds where nothing else runs
