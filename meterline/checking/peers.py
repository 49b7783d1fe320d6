"""Every Alertmanager that alerts are pushed to is asked who it is and whether it is ready.

It is asked as alerts are pushed: without what an address says of a user, which is a warning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from meterline.checking.finding import Finding, told
from warehouse.errors import MeterlineError, SourceError

SECONDS = 10.0
"""For all that is asked of one peer."""

READY, STATUS = "/-/ready", "/api/v2/status"


def check_peers(urls: Sequence[str]) -> Finding:
    """`content` is a list of {peer, ok, version, cluster, error, remedy}; addresses without credentials."""
    names = [_shown(url) for url in urls]
    content, lines, failed, known = [], [], [], 0
    for name, answer in zip(names, asyncio.run(_ask_all(names)), strict=True):
        if isinstance(answer, MeterlineError):
            failed.append((f"Alertmanager {name}", answer))
            content.append({"peer": name, "ok": False, "version": None, "cluster": None, **told(answer)})
            continue
        cluster = answer.get("cluster") or {}
        version = str((answer.get("versionInfo") or {}).get("version", "?"))
        state = str(cluster.get("status", "?"))
        known = max(known, len(cluster.get("peers") or ()))
        content.append({"peer": name, "ok": True, "version": version, "cluster": state, **told(None)})
        lines.append(f"alerting: Alertmanager {version} at {name}, cluster {state}")
    warnings: list[tuple[str, str | None]] = [
        (f"the user in the address of Alertmanager {name} is not sent", "let it, or a proxy on this host, ask for none")
        for url, name in zip(urls, names, strict=True)
        if "@" in urlsplit(url).netloc
    ]
    if known > len(urls):
        few = f"the cluster of Alertmanagers has {known} members, and {len(urls)} are told of alerts"
        warnings.append((few, "name each of them under alerting.alertmanager"))
    return Finding(content, tuple(lines), tuple(warnings), failed=tuple(failed))


async def _ask_all(urls: Sequence[str]) -> list[dict[str, Any] | MeterlineError]:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return await asyncio.gather(*(_ask(url, client) for url in urls))


async def _ask(url: str, client: httpx.AsyncClient) -> dict[str, Any] | MeterlineError:
    try:
        async with asyncio.timeout(SECONDS):
            ready = await client.get(url + READY)
            if ready.status_code == 503:
                return SourceError("it is not ready", "see its log; alerts are posted again until it takes them")
            status = await client.get(url + STATUS)
            if status.status_code != 200:
                remedy = "expected the address of an Alertmanager with API v2, such as http://alertmanager:9093"
                return SourceError(f"it answers {status.status_code} to {STATUS}", remedy)
            content = status.json()
    except TimeoutError:
        return SourceError(f"no answer within {SECONDS:g} s", "see whether it runs, and whether a firewall is between")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return SourceError(
            f"it cannot be reached ({str(error) or type(error).__name__})", "see whether it runs at this address"
        )
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return SourceError(f"its answer to {STATUS} is not JSON", "expected the address of an Alertmanager")
    return content


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
