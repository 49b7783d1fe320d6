"""Mail against a real SMTP conversation on loopback."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.delivery.result import NOT_SENT
from alerts.delivery.senders.email import EmailSender
from alerts.routing.http_settings import TlsSettings
from alerts.routing.receivers import EmailSettings
from deliveries import delivery, payload
from servers.smtp_sink import SmtpSink, smtp_sink


def sender(sink: SmtpSink, deadline: float = 5, **more: Any) -> EmailSender:
    known = {
        "to": "SRE <sre@example.com>, second@example.com",
        "sender": "Meterline <alerts@example.com>",
        "smarthost": ("127.0.0.1", sink.port),
        "require_tls": False,
    }
    return EmailSender(EmailSettings(**known | more), timedelta(seconds=deadline))


def test_a_mail_in_text_and_html() -> None:
    with smtp_sink() as sink:
        assert sender(sink).send(delivery(), repeat=True).outcome == "sent"
    mail = sink.mails[0]
    assert (mail.sender, mail.recipients) == ("alerts@example.com", ["sre@example.com", "second@example.com"])
    assert mail.message["Subject"] == "[FIRING:1] page: BurnFast: checkout burns its error budget"
    text, html = (mail.message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "since 2026-11-24 02:41 UTC" in text.get_content()
    assert "may be a repeat" in text.get_content()
    assert '<a href="http://meterline.example/explain/1?a=1&amp;b=2">Why was I paged?</a>' in html.get_content()


def test_mails_of_a_group_are_a_thread_and_attempts_of_a_delivery_the_same_mail() -> None:
    with smtp_sink() as sink:
        for one in (delivery(), delivery(attempts=1, cut_off=1), delivery(payload("resolved"), id=8)):
            sender(sink).send(one, repeat=False)
    first, again, recovery = (mail.message for mail in sink.mails)
    assert first["Message-ID"] == again["Message-ID"] != recovery["Message-ID"]
    assert first["References"] == recovery["In-Reply-To"]
    assert recovery["Subject"].startswith("[RESOLVED]")


def test_labels_inject_no_header_and_no_html() -> None:
    evil = "x\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>"
    alert = payload()["alerts"][0] | {
        "labels": {"alertname": evil},
        "annotations": {"summary": evil, "description": evil},
    }
    with smtp_sink() as sink:
        assert sender(sink, headers={"X-Team": "a\nb", "subject": "{{ x }}"}).send(
            delivery(payload(alerts=[alert])), False
        )
    message = sink.mails[0].message
    assert message["Bcc"] is None
    assert message["X-Team"] == "a b"
    html = message.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()


@pytest.mark.parametrize(
    ("replies", "outcome", "status"),
    [({"END": "554 no thanks"}, "dead", 554), ({"MAIL": "451 later"}, "failed", 451),
     ({"RCPT": "550 no such user"}, "dead", 550), ({"RCPT": "450 busy"}, "failed", 450),
     ({"RCPT sre@example.com": "550 unknown"}, "sent", 250), ({"GREETING": "421 too busy"}, "failed", 421)],
)  # fmt: skip
def test_5xx_is_final_and_4xx_is_not(replies: dict[str, str], outcome: str, status: int) -> None:
    with smtp_sink(replies=replies) as sink:
        result = sender(sink).send(delivery(), repeat=False)
    assert (result.outcome, result.status) == (outcome, status)


def test_a_login_and_a_wrong_one_whose_password_is_not_shown() -> None:
    with smtp_sink(login=("me", "right-password")) as sink:
        good = sender(sink, auth_username="me", auth_password=SecretStr("right-password")).send(delivery(), False)
        bad = sender(sink, auth_username="me", auth_password=SecretStr("wrong-password")).send(delivery(), False)
    assert good.outcome == "sent"
    assert sink.mails[0].login == "me"
    assert (bad.outcome, bad.status, bad.answer) == ("dead", 535, "wrong password ***")


def test_nothing_leaves_without_starttls_where_it_is_required() -> None:
    with smtp_sink() as sink:
        result = sender(sink, require_tls=True).send(delivery(), repeat=False)
    assert (result.outcome, sink.mails) == ("failed", [])
    assert result.answer.startswith(NOT_SENT)
    assert "STARTTLS" in result.answer


def test_starttls_checks_the_certificate(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=sink", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(tmp_path / "key.pem"), "-out", str(pem)]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, tmp_path / "key.pem")
    with smtp_sink(tls=context) as sink:
        stranger = sender(sink, require_tls=True).send(delivery(), repeat=False)
        known = sender(sink, require_tls=True, tls_config=TlsSettings(ca_file=pem)).send(delivery(), repeat=False)
    assert (stranger.outcome, stranger.answer[: len(NOT_SENT)]) == ("failed", NOT_SENT)
    assert "certificate" in stranger.answer
    assert known.outcome == "sent"
    assert sink.mails[0].encrypted


def test_a_server_that_drips_is_cut_off_at_the_deadline() -> None:
    with smtp_sink(drip=0.1) as sink:
        began = time.monotonic()
        result = sender(sink, deadline=0.4).send(delivery(), repeat=False)
        assert time.monotonic() - began < 1.5
    assert result.outcome == "failed"
    assert "no end within 0.4 s" in result.answer


def test_a_mail_whose_answer_never_came_may_have_arrived() -> None:
    with smtp_sink(replies={"END": ""}) as sink:
        result = sender(sink, deadline=0.5).send(delivery(), repeat=False)
    assert result.outcome == "failed"
    assert not result.answer.startswith(NOT_SENT)


def test_nobody_listens() -> None:
    with socket.socket() as held:  # nobody listens, and nobody else gets the port
        held.bind(("127.0.0.1", 0))
        result = sender(SmtpSink(port=held.getsockname()[1])).send(delivery(), repeat=False)
    assert result.outcome == "failed"
    assert result.answer.startswith(NOT_SENT)
