"""Every source is reached; what one fails with hides nothing of the others."""

from __future__ import annotations

from collections.abc import Iterable

from collector.source import SourceSettings
from meterline.checking.finding import Finding
from meterline.collecting import explained
from warehouse.errors import MeterlineError


def check_sources(sources: Iterable[SourceSettings]) -> Finding:
    """`content` is a list of {source, ok, found or error and remedy}."""
    lines: list[str] = []
    failed: list[tuple[str, MeterlineError]] = []
    content: list[dict[str, object]] = []
    for source in sources:
        try:
            found = source.open().check()
        except Exception as failure:
            reason = explained(source.name, failure)
            failed.append((source.name, reason))
            content.append({"source": source.name, "ok": False, "error": reason.message, "remedy": reason.remedy})
            continue
        content.append({"source": source.name, "ok": True, "found": found})
        lines += [f"{source.name}: {line}" for line in found]
    return Finding(content, tuple(lines), failed=tuple((f"source {name}", error) for name, error in failed))
