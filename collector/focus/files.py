"""The files of a bill: which there are, and how they looked when they were listed. What is in them is read elsewhere.

A file's id is its path below the part of the configured path that has no wildcard, so a folder that moves as a whole
keeps its history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from warehouse.errors import SourceError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True, order=True)
class BillFile:
    """A file as it was when it was listed; sorted by `id`, unique within a source, with `/` between folders."""

    id: str
    path: Path
    modified_ns: int
    bytes: int

    @property
    def version(self) -> dict[str, int]:
        """What changes when the file is written again."""
        return {"modified_ns": self.modified_ns, "bytes": self.bytes}

    def sha256(self) -> str:
        """Of the file as it is stored, compressed or not. Raises OSError."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def bill_files(path: Path) -> list[BillFile]:
    """CSV and Parquet files that `path` names: a file, a folder with all below it, or a pattern. Raises SourceError."""
    root, pattern = _split(path)
    try:
        if pattern is None and root.is_file():
            return [_listed(root, root.parent)]
        found = sorted(root.glob(pattern or "**/*"))
        return sorted(_listed(one, root) for one in found if one.is_file() and one.name.lower().endswith(SUFFIXES))
    except OSError as error:
        raise SourceError(
            f"the bills {path} cannot be read ({error.strerror or error})",
            "set `path` to the FOCUS files, such as billing/*.csv.gz",
            retryable=True,
        ) from error


def matches(file: str, patterns: Sequence[str]) -> bool:
    """Whether a file's id is one of `patterns` (`*` matches slashes too)."""
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def _split(path: Path) -> tuple[Path, str | None]:
    for number, part in enumerate(path.parts):
        if WILDCARDS & set(part):
            return Path(*path.parts[:number]), "/".join(path.parts[number:])
    return path, None


def _listed(path: Path, root: Path) -> BillFile:
    status = path.stat()
    return BillFile(path.relative_to(root).as_posix(), path, status.st_mtime_ns, status.st_size)
