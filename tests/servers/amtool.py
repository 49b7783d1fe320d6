"""The real amtool (Debian's `prometheus-alertmanager`), asked one question a process, several at a time.

Tests that need it skip where the program is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
PARALLEL = 4
# A process lives 15 ms: collecting its garbage would be most of that.
ENVIRONMENT = {**os.environ, "GOGC": "off", "GOMAXPROCS": "1"}


def installed() -> bool:
    """Whether the program is on the PATH."""
    return shutil.which("amtool") is not None


def receivers(config: Path, labels: dict[str, str]) -> str | None:
    """What `amtool config routes test` prints; None when it refuses the file."""
    written = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    done = _run("config", "routes", "test", "--config.file", str(config), *written)
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def accepts(config: Path) -> tuple[bool, str]:
    """What `amtool check-config` says, and all its words."""
    done = _run("check-config", str(config))
    return done.returncode == 0, done.stdout + done.stderr


def ask_all(ask: Callable[[Question], Answer], questions: Iterable[Question]) -> list[Answer]:
    """The answers in the order of the questions."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(ask, questions))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["amtool", *arguments], capture_output=True, encoding="utf-8", timeout=60, env=ENVIRONMENT, check=False
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
