"""One process owns a data directory at a time, and everybody else is told who it is.

The claim is an advisory lock (flock) on `owner.lock`: the kernel drops it when the process dies, however it dies, so
there is never a stale lock to remove. The file's text (pid, command, since) is only for people.
"""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from warehouse.errors import WarehouseBusy, WarehouseError
from warehouse.interval import isoformat


class Ownership:
    """The exclusive right to write below `directory`; held until `release`.

    Raises WarehouseBusy with the owner's pid and command when another process holds it, WarehouseError when the
    directory cannot be written.
    """

    def __init__(self, directory: Path, command: str) -> None:
        self._path = directory / "owner.lock"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WarehouseError(
                f"cannot write to {directory} ({error.strerror})", "set `data:` to a directory that this user may write"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = self._read_owner()
            os.close(self._descriptor)
            raise WarehouseBusy(
                f"{directory} is in use by pid {owner.get('pid', '?')} (`{owner.get('command', 'unknown')}`, "
                f"since {owner.get('since', '?')})",
                "wait until it is done, or stop it; reading commands (kpis, showback, unit-cost) work meanwhile",
            ) from error
        os.ftruncate(self._descriptor, 0)
        owner_text = json.dumps({"pid": os.getpid(), "command": command, "since": isoformat(datetime.now(UTC))})
        os.pwrite(self._descriptor, owner_text.encode(), 0)

    def _read_owner(self) -> dict[str, object]:
        try:
            owner = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return owner if isinstance(owner, dict) else {}

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
