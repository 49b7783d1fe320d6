"""What a link in a message opens: a question, and one button that answers it.

Mail and chat programs open links ahead of people to look for harm; so looking does nothing, and only the button does.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from meterline.alerting.links import ACKNOWLEDGE, PATH, Saying, read
from meterline.api_alerts.answering import Desk, content_of
from warehouse.alert_log import feedback
from warehouse.alert_log.history import History, history
from warehouse.errors import MeterlineError

QUESTIONS = {
    ACKNOWLEDGE: "Say that you are on it?",
    "actionable": "Was there something to do?",
    "noise": "Was this page of no use?",
    "planned": "Was this planned work?",
    "duplicate": "Was this a repeat of another page?",
}
BUTTONS = {
    ACKNOWLEDGE: "Acknowledge", "actionable": "Yes, it was worth it", "noise": "Yes, it was noise",
    "planned": "Yes, it was planned", "duplicate": "Yes, a duplicate",
}  # fmt: skip
BY_LINK = "link"
LARGEST_FORM = 4096
NOT_KEPT = "Its alerts are not kept any more."

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title} · Meterline</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 12vh auto; padding: 0 1.2rem }}
li {{ margin: .25rem 0 }} small {{ opacity: .7 }}
button {{ font: inherit; font-weight: 600; padding: .7rem 1.4rem; border: 0; border-radius: .5rem; cursor: pointer;
  background: #1f5fd0; color: #fff }}
input {{ font: inherit; padding: .5rem; border: 1px solid #8888; border-radius: .4rem; width: 100%;
  box-sizing: border-box; margin: .3rem 0 1rem }}
</style></head><body><h1>{title}</h1>{body}</body></html>"""


class SayingPage:
    """The routes and their answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [Route(PATH, self.ask), Route(PATH, self.say, methods=["POST"])]

    def ask(self, request: Request) -> Response:
        try:
            saying = read(self._desk.log, request.query_params.get("t", ""), self._desk.clock())
        except MeterlineError as error:
            return _page(
                "This link does not work", f"<p>{escape(error.message)}; {escape(error.remedy or '')}.</p>", 400
            )
        body = (
            f"{self._alerts(saying)}<form method='post'><label>Your name <small>(optional)</small>"
            f"<input name='by' maxlength='80' autocomplete='username'></label>"
            f"<button>{BUTTONS[saying.word]}</button></form>"
        )
        return _page(QUESTIONS[saying.word], body)

    async def say(self, request: Request) -> Response:
        fields = parse_qs((await content_of(request, LARGEST_FORM)).decode(errors="replace"))
        by = (fields.get("by", [""])[0].strip() or BY_LINK)[:80]
        return await run_in_threadpool(self._say, request.query_params.get("t", ""), by)

    def _say(self, token: str, by: str) -> Response:
        log, now = self._desk.log, self._desk.clock()
        try:
            saying = read(log, token, now)
            prints = feedback.told_of(log, saying.dedup_key, saying.told_at)
            with log.transaction() as tx:
                if saying.word == ACKNOWLEDGE:
                    known = feedback.acknowledge(tx, prints, by, "", now, saying.told_at)
                    feedback.forward_acknowledgement(tx, prints, by, now, saying.told_at)
                else:
                    known = feedback.judge(tx, prints, saying.word, by, "", now, saying.told_at)
        except MeterlineError as error:
            return _page("This did not work", f"<p>{escape(error.message)}; {escape(error.remedy or '')}.</p>", 400)
        self._desk.wake()
        if not known:
            return _page("Too late", f"<p>{NOT_KEPT}</p>")
        alerts = "1 alert" if known == 1 else f"{known} alerts"
        return _page("Thank you", f"<p>Noted for {alerts}: {escape(saying.word)}, by {escape(by)}.</p>")

    def _alerts(self, saying: Saying) -> str:
        prints = feedback.told_of(self._desk.log, saying.dedup_key, saying.told_at)
        known = [found for one in prints[:10] if (found := history(self._desk.log, one, events=1))]
        rows = "".join(_row(one, saying) for one in known)
        more = f"<p><small>and {len(prints) - 10} more</small></p>" if len(prints) > 10 else ""
        return f"<ul>{rows}</ul>{more}" if rows else f"<p>{NOT_KEPT}</p>"


def _row(known: History, saying: Saying) -> str:
    """The alert as the message told it: it may have ended since, and fire again."""
    labels, annotations = known.alert.labels, known.alert.annotations
    told = [one for one in known.episodes if one.fired_at <= saying.told_at][-1:]
    when = f"since {told[0].started_at:%Y-%m-%d %H:%M} UTC{', over' if told[0].ended_at else ''}" if told else ""
    return (
        f"<li><b>{escape(labels.get('alertname', ''))}</b> {escape(annotations.get('summary', ''))}"
        f"<br><small>{when}</small></li>"
    )


def _page(title: str, body: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return HTMLResponse(PAGE.format(title=escape(title), body=body), status, headers)
