"""Results leave the owner's process as immutable Parquet versions behind one pointer.

    published/v000042/kpi.parquet ...   written aside, synced, then renamed into place as a whole
    published/v000042/manifest.json     table -> rows, bytes, sha256
    published/CURRENT                   the name of the version to read, replaced atomically

A reader that holds a version keeps a consistent set while it works: the last `KEEP` versions stay, and every version
that was current less than `GRACE` ago. Nothing is
ever changed in place, so a crash at any moment leaves the pointer on a complete version.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from warehouse.interval import isoformat, parse_utc

KEEP = 5
GRACE = timedelta(minutes=15)
POINTER = "CURRENT"


def publish(directory: Path, tables: Mapping[str, pl.DataFrame], at: datetime) -> str:
    """Publish `tables` below `directory`/published as the next version and point to it; returns its name.

    Only the owner of `directory` may call this (see `ownership`).
    """
    root = directory / "published"
    root.mkdir(parents=True, exist_ok=True)
    _sweep_unfinished(root)
    name = f"v{_last_number(root) + 1:06d}"
    aside = root / f".{name}.unfinished"
    aside.mkdir()
    manifest: dict[str, object] = {}
    for table, frame in tables.items():
        path = aside / f"{table}.parquet"
        frame.write_parquet(path, compression="zstd")
        _sync(path)
        manifest[table] = {
            "rows": frame.height,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    manifest_path = aside / "manifest.json"
    manifest_path.write_text(json.dumps({"version": name, "published_at": isoformat(at), "tables": manifest}, indent=1))
    _sync(manifest_path)
    _sync(aside)
    aside.rename(root / name)
    _sync(root)
    _point(root, name)
    _sweep_old(root, at)
    return name


def _sweep_old(root: Path, at: datetime) -> None:
    names = _versions(root)
    for old, successor in zip(names, names[1 : 1 - KEEP], strict=False):  # noqa: RUF007 - the newest ones always stay
        if at - _published_at(root / successor) > GRACE:  # it stopped being current when its successor came
            shutil.rmtree(root / old, ignore_errors=True)


def _published_at(folder: Path) -> datetime:
    return parse_utc(json.loads((folder / "manifest.json").read_text())["published_at"])


def _point(root: Path, name: str) -> None:
    pointer = root / f".{POINTER}.new"
    pointer.write_text(name + "\n")
    _sync(pointer)
    os.replace(pointer, root / POINTER)
    _sync(root)


def _versions(root: Path) -> list[str]:
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name.startswith("v"))


def _last_number(root: Path) -> int:
    return max((int(name[1:]) for name in _versions(root)), default=0)


def _sweep_unfinished(root: Path) -> None:
    for entry in root.glob(".v*.unfinished"):
        shutil.rmtree(entry, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
