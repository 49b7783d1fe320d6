"""A log whose process is killed at a chosen transaction: just before what it wrote is stored, or just after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.alert_log.log import AlertLog, Writing


class Killed(BaseException):
    """Nothing in the process may go on after this."""


class DyingLog(AlertLog):
    """Use it as the log of a process; once it raised Killed, give the same log to the next one."""

    def __init__(self, directory: Path) -> None:
        self._left: int | None = None
        self._committed = False
        super().__init__(directory)

    def die_in(self, transactions: int, *, committed: bool) -> None:
        """Die in the transaction after so many others."""
        self._left, self._committed = transactions, committed

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        dies = self._left == 0
        if self._left is not None:
            self._left = None if dies else self._left - 1
        with super().transaction() as tx:
            yield tx
            if dies and not self._committed:
                raise Killed
        if dies:
            raise Killed
