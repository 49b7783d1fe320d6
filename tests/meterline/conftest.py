"""The command line in the test's own process, and configuration files written for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from meterline.cli import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Cli = Callable[..., Ran]
WriteConfig = Callable[[str], Path]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run one command: `cli("kpis", "--json")` gives exit code, stdout and stderr."""
    monkeypatch.delenv("METERLINE_TRACE", raising=False)
    monkeypatch.delenv("METERLINE_CONFIG", raising=False)

    def run(*words: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def write_config(tmp_path: Path) -> WriteConfig:
    """Write a configuration into the test's directory and give its path."""

    def write(text: str) -> Path:
        path = tmp_path / "meterline.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
