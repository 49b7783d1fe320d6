"""Whether runbooks are there: the address of every page rule is asked, at most once a day, and the answer is kept.

A page that asks us to sign in (401, 403) is there; nothing is read or understood of it. HEAD first, GET where a server
does not know HEAD. All are asked side by side, each within 15 s in all, whatever its server does. An address that is a
template (`{runbook_url}`) is no address: give the rules with their columns filled in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import polars as pl

from warehouse.database import Warehouse
from warehouse.interval import Interval, naive

HOLDS = timedelta(hours=24)
SECONDS = 15.0
SIDE_BY_SIDE = 8
BEHIND_A_LOGIN = (401, 403)
SOURCE, STREAM, FACT = "meterline", "runbooks", "runbook_check"

SCHEMA = pl.Schema({
    "runbook_url": pl.String(), "answers": pl.Boolean(), "answer": pl.String(), "checked_at": pl.Datetime("us"),
})  # fmt: skip


class PageRule(Protocol):
    """What is needed of a rule: its severity, and the address of its runbook where it has one."""

    @property
    def severity(self) -> str: ...
    @property
    def runbook_url(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an address answered, and what: a status such as `404`, or why there was none."""

    url: str
    answers: bool
    answer: str


def check_runbooks(
    warehouse: Warehouse, rules: Iterable[PageRule], now: datetime, client: httpx.AsyncClient | None = None
) -> int:
    """Ask the runbooks of page rules that were not asked for a day; how many were. `client` is used and not closed.

    An address that no page rule names any more is forgotten. Raises only errors of the warehouse.
    """
    named = {rule.runbook_url for rule in rules if rule.severity in ("page", "critical") and rule.runbook_url}
    wanted = {url for url in named if "{" not in url}
    fresh = warehouse.query("SELECT runbook_url FROM runbook_check WHERE checked_at > $t", {"t": naive(now - HOLDS)})
    checks = asyncio.run(_ask_all(sorted(wanted - set(fresh["runbook_url"])), client))
    rows = [(one.url, one.answers, one.answer, naive(now)) for one in checks]
    with warehouse.transaction() as tx:
        tx.replace_rows("runbook_check", ["runbook_url"], pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        with tx.frames(wanted=pl.DataFrame({"runbook_url": sorted(wanted)}, schema={"runbook_url": pl.String()})):
            tx.execute("DELETE FROM runbook_check WHERE runbook_url NOT IN (SELECT runbook_url FROM wanted)")
        tx.advance(SOURCE, STREAM, FACT, Interval(now - HOLDS, now), now)
    return len(checks)


async def _ask_all(urls: Sequence[str], client: httpx.AsyncClient | None) -> list[Check]:
    if not urls:
        return []
    if client is not None:
        return await _side_by_side(urls, client)
    async with httpx.AsyncClient(follow_redirects=True, timeout=SECONDS) as own:
        return await _side_by_side(urls, own)


async def _side_by_side(urls: Sequence[str], client: httpx.AsyncClient) -> list[Check]:
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(url: str) -> Check:
        async with turns:
            return await _ask(url, client)

    return list(await asyncio.gather(*(one(url) for url in urls)))


async def _ask(url: str, client: httpx.AsyncClient) -> Check:
    if urlsplit(url).scheme not in ("http", "https"):
        return Check(url, False, "not an address")
    try:
        async with asyncio.timeout(SECONDS):
            status = await _status("HEAD", url, client)
            if not _is_there(status):
                status = await _status("GET", url, client)
    except TimeoutError:
        return Check(url, False, f"no answer within {SECONDS:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Check(url, False, f"{type(error).__name__}: {error}".rstrip(": ")[:200])
    return Check(url, _is_there(status), str(status))


async def _status(method: str, url: str, client: httpx.AsyncClient) -> int:
    async with client.stream(method, url, follow_redirects=True) as response:  # the body is nobody's business
        return response.status_code


def _is_there(status: int) -> bool:
    return 200 <= status < 300 or status in BEHIND_A_LOGIN
