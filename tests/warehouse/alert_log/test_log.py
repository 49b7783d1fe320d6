"""The file of the log as a long-lived service uses it: threads come and go, and leave nothing open."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil

from warehouse.alert_log.log import AlertLog


def test_a_thread_that_read_leaves_no_open_file(tmp_path: Path) -> None:
    """Web servers end idle threads all day long; at a thousand open files nothing more would be accepted."""
    with AlertLog(tmp_path) as log:
        log.rows("SELECT 1")
        before = len(psutil.Process().open_files())
        for _ in range(20):
            thread = threading.Thread(target=log.rows, args=("SELECT count(*) FROM alert",))
            thread.start()
            thread.join()
        assert len(psutil.Process().open_files()) <= before
