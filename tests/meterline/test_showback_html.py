"""The HTML report: self-contained, adding up, honest about what is missing, legible in light, dark and on a phone.

METERLINE_SCREENSHOTS=DIR keeps the screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import small_bill
from focus_lines import frame, line
from meterline.bill import Asked, MonthlyLedger
from meterline.report.showback import LISTED, daily, render, table
from warehouse.published import Published

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def ledger(directory: Path, month: date = small_bill.NOVEMBER, **replaced: pl.DataFrame) -> MonthlyLedger:
    small_bill.make(directory, **replaced)
    return MonthlyLedger(Published.current(directory), month)


class Seen(HTMLParser):
    """Tags, attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)
        self.text = re.sub(r"\s+", " ", " ".join(self.words).replace("\u00a0", " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_it_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = render(ledger(tmp_path), Asked())
    seen = Seen(page)
    assert not {"script", "link", "img", "iframe", "object", "svg", "form"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("src", "href", "action")]
    assert not re.search(r"https?:|url\(|@import|@font-face|javascript:", page)
    assert len(page.encode()) < 60_000


def test_it_says_what_the_bill_is(tmp_path: Path) -> None:
    text = Seen(render(ledger(tmp_path), Asked())).text
    for words in (
        "Showback November 2026", "505.00 EUR", "Month to date, until 2026-11-10 13:00; it will still change.",
        "Months and days in Europe/Berlin, amounts in EUR.", "This bill is not complete.", "B200 has no price",
        "Idle and shared cost is borne as the sharing policy says.",
        "Corrections of earlier, closed months are in it with −5.00 EUR.", "rounded once, half to even",
        "Version v000001 of the results",
    ):  # fmt: skip
        assert words in text
    assert "Highest: Nov 05 with 500.00 EUR" in text


def test_words_of_other_bills(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    to_date = Seen(render(book, Asked(idle="separate", to_date=True, where={"team": ("search", "__idle__")}))).text
    assert "month to date, without Nov 10 and what follows" in to_date.lower().replace("nov", "Nov")
    assert "only where team is __idle__ or search" in to_date
    assert "Idle and shared cost is shown on its own." in to_date
    closed = Seen(render(MonthlyLedger(Published.current(tmp_path), date(2026, 10, 1)), Asked())).text
    assert "Closed on 2026-11-06; later changes are corrections in a later month." in closed
    assert "not complete" not in closed
    assert "Corrections" not in closed


def test_every_table_adds_up_to_the_total(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    for by in ("team", "service", "model", "gpu_model", "day", "pod"):
        told = table(book.bill(Asked((by,), idle="separate")), split=True)
        costs = [Decimal(one.cost.replace("−", "-")) for one in told.lines]
        assert sum(costs) == Decimal("505.00")
        assert told.total.cost == "505.00"


def test_what_is_not_listed_is_one_row_and_the_page_stays_small(tmp_path: Path) -> None:
    many = frame(*(
        line(number, day=date(2026, 11, 5), team=f"team-{number:03d}", service=f"service-{number}", model=f"m-{number}")
        for number in range(1, 401)
    ))  # fmt: skip
    book = ledger(tmp_path, cost_line=many, cost_transfer=many.clear())
    told = table(book.bill(Asked()))
    # the 20 largest have 381 to 400 hours, the rest 1 to 380: 380 x 381 / 2 = 72,390 hours at 2.50
    assert (len(told.lines), told.lines[-1].name, told.lines[-1].cost) == (
        LISTED + 1,
        "380 more, together",
        "180,975.00",
    )
    assert len(render(book, Asked()).encode()) < 200_000


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    odd = frame(line(1, day=date(2026, 11, 5), team="<script>alert(1)</script>"))
    page = render(ledger(tmp_path, cost_line=odd, cost_transfer=odd.clear()), Asked())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_bars(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    search, vision, idle, _ = table(book.bill(Asked(idle="separate")), split=True).lines
    # 160 used and 100 idle fill the widest bar; the 5 taken back have no width
    assert [(token, round(width, 1)) for token, width in search.bars] == [("use", 61.5), ("idle", 38.5)]
    assert [(token, round(width, 1)) for token, width in vision.bars] == [("dim", 58.8)]
    assert [(token, round(width, 1)) for token, width in idle.bars] == [("idle", 39.2)]
    columns, _ = daily(book.bill(Asked(("day",))))
    assert [(one.day.day, one.height) for one in columns if one.height] == [(5, 100), (10, 2)]
    assert len(columns) == 30


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_it_is_drawn_in_light_dark_and_on_a_phone(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    page_file = tmp_path / "showback.html"
    page_file.write_text(render(ledger(tmp_path / "data"), Asked()), encoding="utf-8")
    album = Path(os.environ.get("METERLINE_SCREENSHOTS", tmp_path))
    album.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            for width in (700, 390):
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    page = context.new_page()
                    asked: list[str] = []
                    page.on("request", lambda request, asked=asked: asked.append(request.url))
                    page.goto(page_file.as_uri())
                    page.screenshot(path=album / f"showback-{width}-{scheme}.png", full_page=True)
                    assert len(asked) == 1, "the page asks for nothing but itself"
                    assert page.evaluate("document.documentElement.scrollWidth") == width
                    assert all(ratio >= 4.5 for ratio in contrasts(page)), "text that cannot be read"
                    context.close()
        finally:
            browser.close()


def contrasts(page: object) -> Iterator[float]:
    """WCAG contrast of every text with what is behind it."""
    pairs = page.evaluate("""() => [...document.querySelectorAll('td, th, div, h2, strong')]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.replace(/\\u00a0/g, ' ').trim()))
        .map(e => { let b = e; while (getComputedStyle(b).backgroundColor === 'rgba(0, 0, 0, 0)') b = b.parentElement;
                    return [getComputedStyle(e).color, getComputedStyle(b).backgroundColor]; })""")  # type: ignore[attr-defined]
    for pair in pairs:
        low, high = sorted(_luminance(colour) for colour in pair)
        yield (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
