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
from pathlib import Path

import pytest

from dashboards.navigation import ENTRIES
from dashboards.serve import command, environment, wait_until_healthy
from published.version import make

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"laptop": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
TITLES = {
    "overview": "5 of 6 KPIs meet their target",
    "gpu": "64 GPUs did",
    "cost": "GPU spend in November 2026 so far is",
    "serving": "summaries missed the availability target",
    "pipelines": "training runs and",
    "drift": "6 of 8 models are watched for drift",
}
GROUND = {"light": "rgb(247, 245, 240)", "dark": "rgb(19, 23, 26)"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server over the fixture."""
    data = tmp_path_factory.mktemp("data")
    make(data)
    port = free_port()
    with (tmp_path_factory.mktemp("log") / "streamlit.log").open("w") as log:
        server = subprocess.Popen(command(data, port), env=environment(data), stdout=log, stderr=log)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", GROUND)
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
        if name in ("gpu", "cost", "serving", "pipelines", "drift"):
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
            if entry.title != "Drift":  # which shows the state of now
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
