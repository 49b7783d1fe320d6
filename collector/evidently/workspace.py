"""The files of a workspace: which projects and snapshots there are, and how they looked when they were listed.

    <workspace>/<project id>/metadata.json
    <workspace>/<project id>/snapshots/<snapshot id>.json

It lists and reads names; what is in a snapshot is `snapshot`'s matter. Folders that are no projects are left alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from warehouse.errors import SourceError


@dataclass(frozen=True, slots=True, order=True)
class SnapshotFile:
    """A file as it was when it was listed; sorted by age. `id` is `<project id>/<snapshot id>`, unique."""

    modified_ns: int
    id: str
    bytes: int
    project: str
    path: Path

    @property
    def version(self) -> dict[str, int]:
        """What changes when the file is written again."""
        return {"modified_ns": self.modified_ns, "bytes": self.bytes}


def snapshot_files(workspace: Path) -> list[SnapshotFile]:
    """All snapshots, oldest first. Raises SourceError when the folder is missing or cannot be read."""
    try:
        projects = [Path(entry.path) for entry in os.scandir(workspace) if entry.is_dir() and _is_uuid(entry.name)]
        found = [file for project in projects for file in _of_project(project)]
    except OSError as error:
        raise SourceError(
            f"the workspace {workspace} cannot be read ({error.strerror or error})",
            "set `path` to the folder that Workspace.create or `evidently ui --workspace` was given",
            retryable=True,
        ) from error
    return sorted(found)


def _of_project(project: Path) -> Iterator[SnapshotFile]:
    name = project_name(project)
    try:
        entries = list(os.scandir(project / "snapshots"))
    except FileNotFoundError:  # a project without a report yet
        return
    for entry in entries:
        identity, suffix = os.path.splitext(entry.name)
        if suffix != ".json" or not _is_uuid(identity):
            continue
        try:
            status = entry.stat()
        except FileNotFoundError:  # deleted since it was listed
            continue
        yield SnapshotFile(status.st_mtime_ns, f"{project.name}/{identity}", status.st_size, name, Path(entry.path))


def project_name(project: Path) -> str:
    """The project's own name, or its id while its metadata cannot be read."""
    try:
        name = json.loads((project / "metadata.json").read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return project.name
    return name if isinstance(name, str) and name else project.name


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
