"""The dashboards in a real headless Chromium: light and dark, laptop and phone; every page, every switch.

METERLINE_SCREENSHOTS=DIR keeps the screenshots. Times are printed and not asserted: they depend on the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from dashboards.navigation import ENTRIES
from dashboards.serve import command, environment, wait_until_healthy
from published import alert_log
from published.version import make, tables
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.feedback import acknowledge
from warehouse.alert_log.history import newest_episode
from warehouse.alert_log.log import AlertLog

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {
    "wide": {"width": 1440, "height": 900}, "laptop": {"width": 1366, "height": 768},
    "tablet": {"width": 1024, "height": 768}, "phone": {"width": 390, "height": 844},
}  # fmt: skip
SEEN = (("light", "wide"), ("dark", "wide"), ("light", "tablet"), ("light", "phone"), ("dark", "phone"))
TITLES = {
    "overview": "6 of 10 KPIs meet their target",
    "gpu": "64 GPUs did",
    "serving": "summaries missed the availability target",
    "pipelines": "training runs and",
    "drift": "6 of 8 models are watched for drift",
    "showback": "The platform cost",
    "unit_cost": "A thousand inferences cost",
    "budgets": "research is over budget",
    "reconciliation": "more than was metered in November 2026 so far",
    "slos": "Ranker answers has used up its error budget; Chat answers burns its budget too fast",
    "alerts": "6 alerts fire; slo_burn of chat pages and nobody has acknowledged it",
    "on_call": "46 pages in November 2026 so far",
}
OF_NOW = ("Drift", "SLOs", "Alerts")
"""Pages that show the state of now, whatever period is chosen."""
TABLES = ("overview",)
"""Pages without a chart."""
GROUND = {"light": "rgb(247, 245, 240)", "dark": "rgb(19, 23, 26)"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """A server over `data` while the block runs; where it answers."""
    port = free_port()
    with (log / "streamlit.log").open("w") as output:
        server = subprocess.Popen(command(data, port), env=environment(data), stdout=output, stderr=output)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server over the fixture."""
    data = tmp_path_factory.mktemp("data")
    make(data)
    alert_log.write(data, datetime.now(UTC))
    with serving(data, tmp_path_factory.mktemp("log")) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    kept = os.environ.get("METERLINE_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def path_of(name: str) -> str:
    return "" if name == "overview" else name


def test_a_page_opened_by_its_address_as_the_very_first_one_has_its_frame(address: str, chromium: object) -> None:
    """Must run first: Streamlit treats the pages of an application that nobody has opened yet in another way."""
    context = chromium.new_context(viewport=SIZES["laptop"])  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{address}/gpu")
    page.wait_for_selector(".ml-finding", timeout=30_000)
    assert "64 GPUs did" in page.locator(".ml-finding").inner_text()
    context.close()


@pytest.mark.parametrize(("scheme", "size"), SEEN)
def test_every_page_shows_its_finding_and_fits(
    address: str, chromium: object, album: Path, scheme: str, size: str
) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport=SIZES[size])  # type: ignore[attr-defined]
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if "://127.0.0.1:" not in request.url else None)
    for name, title in TITLES.items():
        page.goto(f"{address}/{path_of(name)}")
        page.wait_for_selector(".ml-finding", timeout=30_000)
        assert title in page.locator(".ml-finding").inner_text()
        page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
        if name not in TABLES:
            page.wait_for_selector(".vega-embed svg.marks", timeout=30_000)
        assert page.locator("[data-testid=stException]").count() == 0
        assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == GROUND[scheme]
        wide = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{name} is {wide[0]} wide on a screen of {wide[1]}"
        inside = page.evaluate("(m => [m.scrollWidth, m.clientWidth])(document.querySelector('[data-testid=stMain]'))")
        assert inside[0] <= inside[1], f"{name} overflows its column: {inside}"
        tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.screenshot(path=album / f"{name}-{scheme}-{size}-first.png")
        page.set_viewport_size({"width": SIZES[size]["width"], "height": min(int(tall) + 20, 6000)})
        page.screenshot(path=album / f"{name}-{scheme}-{size}.png")
        page.set_viewport_size(SIZES[size])
    context.close()
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []


def test_switching_pages_keeps_the_period_and_is_quick(
    address: str, chromium: object, capsys: pytest.CaptureFixture[str]
) -> None:
    context = chromium.new_context(viewport=SIZES["laptop"])  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".ml-finding", timeout=30_000)
    page.get_by_text("Week", exact=True).first.click()
    page.wait_for_function("document.querySelector('.ml-finding')?.innerText.includes('week 47')")
    took: dict[str, float] = {}
    for around in range(2):  # the second round is the warm browser
        for entry in (*ENTRIES[1:], ENTRIES[0]):
            began = time.perf_counter()
            page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=entry.title).click()
            page.wait_for_function(
                "title => document.querySelector('.ml-eyebrow')?.innerText.toLowerCase().startsWith(title)",
                arg=entry.title.lower(),
            )
            if around:
                took[entry.title] = time.perf_counter() - began
            if entry.title not in OF_NOW:
                assert "WEEK 47" in page.locator(".ml-eyebrow").inner_text().upper()
    with capsys.disabled():
        print("\n  page switches: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items()), end="")
    context.close()


def test_a_tile_leads_to_its_page(address: str, chromium: object) -> None:
    context = chromium.new_context(viewport=SIZES["laptop"])  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".ml-finding", timeout=30_000)
    page.get_by_role("link", name="Training success: open Pipelines").click()
    page.wait_for_function("document.querySelector('.ml-finding')?.innerText.includes('training runs')")
    assert page.url.split("?")[0] == f"{address}/pipelines"
    context.close()


def finding(page: object, words: str) -> None:
    """Wait until the finding says `words`."""
    page.wait_for_function(  # type: ignore[attr-defined]
        "words => document.querySelector('.ml-finding')?.innerText.includes(words)", arg=words, timeout=30_000
    )


def test_showback_opens_rows_down_to_a_pod_and_a_reload_stays_there(address: str, chromium: object) -> None:
    context = chromium.new_context(viewport=SIZES["laptop"])  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{address}/showback")
    finding(page, "The platform cost")
    for row in ("CC-100", "assist", "chat", "chat-1"):
        page.get_by_role("button", name=f"Open {row}", exact=True).click()
        finding(page, f"{row} cost")
    page.reload()
    finding(page, "chat-1 cost")
    crumbs = page.locator(".st-key-ml-crumbs")
    for step in ("Organisation", "CC-100", "assist", "chat"):
        crumbs.get_by_role("button", name=step, exact=True).wait_for()
    assert crumbs.locator(".ml-here").inner_text() == "chat-1"
    crumbs.get_by_role("button", name="CC-100").click()
    finding(page, "CC-100 cost")
    page.get_by_text("Idle and shared cost with who bears it").click()
    page.wait_for_function("!document.querySelector('.ml-key')?.innerText.includes('shares of idle')")
    context.close()


def downloaded(page, button: str):
    """What a press of `button` gives; Streamlit swallows one now and then, and a person presses again."""
    for _ in range(3):
        try:
            with page.expect_download(timeout=10_000) as download:
                page.locator(button).click()
            return download.value
        except playwright.TimeoutError:
            continue
    raise AssertionError(f"{button} gave nothing in three presses")


def test_what_is_shown_and_the_lines_behind_it_can_be_taken_away(address: str, chromium: object) -> None:
    context = chromium.new_context(viewport=SIZES["laptop"], accept_downloads=True)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{address}/showback?by=service&in=team%3Aassist")
    finding(page, "assist cost")
    page.wait_for_selector(".ml-foot", state="attached")  # the last that is drawn
    page.wait_for_selector(".vega-embed svg.marks")
    taken = {}
    for title, name in (("Showback in cents", "showback_service"), ("Cost lines behind this", "cost_line")):
        page.get_by_text(title).click()
        download = downloaded(page, f".st-key-csv-{name} button")
        assert download.suggested_filename == f"{name}.csv"
        taken[name] = pl.read_csv(download.path(), infer_schema=False)
    bill = tables()["showback_month"].filter((pl.col("month") == date(2026, 11, 1)) & (pl.col("by") == "team"))
    cents = [Decimal(cost) for cost in taken["showback_service"]["cost"]]
    assert abs(sum(cents, Decimal(0)) - bill.filter(key="assist")["cost"][0]) <= Decimal("0.01")
    assert set(taken["showback_service"]["service"]) == {"chat", "summaries", "__none__"}
    lines = tables()["cost_line"].vstack(tables()["cost_transfer"])
    of_assist = lines.filter((pl.col("billing_month") == date(2026, 11, 1)) & (pl.col("team") == "assist"))
    assert taken["cost_line"].height == of_assist.height
    assert sum(int(one) for one in taken["cost_line"]["quantity"]) == sum(int(one) for one in of_assist["quantity"])
    context.close()


def test_an_alert_is_acknowledged_and_the_page_refreshes_by_itself(
    chromium: object, tmp_path_factory: pytest.TempPathFactory, album: Path
) -> None:
    """With nothing published: the page of alerts needs the log alone."""
    data = tmp_path_factory.mktemp("alerts")
    alert_log.write(data, datetime.now(UTC))
    with serving(data, tmp_path_factory.mktemp("log")) as address:
        context = chromium.new_context(viewport=SIZES["wide"])  # type: ignore[attr-defined]
        page = context.new_page()
        page.goto(f"{address}/alerts")
        finding(page, "slo_burn of chat pages and nobody has acknowledged it")
        page.get_by_role("button", name="Open slo_burn of chat").click()
        page.get_by_text("Yes: sent to oncall (pagerduty[0])").wait_for()
        assert f"alert={fingerprint(alert_log.CHAT)}" in page.url
        page.get_by_role("button", name="Acknowledge", exact=True).click()
        page.get_by_text("Write your name first").wait_for()
        page.get_by_label("Your name").fill("mira")
        page.get_by_role("button", name="Acknowledge", exact=True).click()
        finding(page, "all 2 pages are acknowledged")
        page.get_by_text("Acknowledged by mira at").wait_for()
        page.screenshot(path=album / "alerts-acknowledged.png")
        with AlertLog(data) as log:
            episode = newest_episode(log, fingerprint(alert_log.CHAT))
            assert episode is not None
            assert episode.acked_by == "mira"
            page.get_by_label("Note (optional)").fill("half writ")
            with log.transaction() as tx:  # somebody else, meanwhile
                acknowledge(tx, [fingerprint(alert_log.STALE)], "lee", "", datetime.now(UTC))
        page.locator(".ml-tile", has_text="Acknowledged").get_by_text("3", exact=True).wait_for(timeout=30_000)
        assert page.get_by_label("Note (optional)").input_value() == "half writ"
        assert page.locator(".ml-answer").count() == 1
        page.reload()
        page.get_by_text("Acknowledged by mira at").wait_for()
        context.close()
