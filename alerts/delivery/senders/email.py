"""Mail over SMTP, with STARTTLS (or TLS from the start on port 465) and a login.

`smtplib` bounds each read in time and not the whole, so a server that sends a byte a second would hold the thread: a
timer shuts the connection at the deadline, whatever is going on in it.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta

from alerts.delivery.answers import excerpt
from alerts.delivery.exchange import DEADLINE, trust
from alerts.delivery.result import NOT_SENT, Result
from alerts.delivery.senders.mail_text import addresses, mail_of
from alerts.routing.http_settings import secret_text
from alerts.routing.receivers import EmailSettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError

TLS_PORT = 465


class EmailSender:
    """Sends one mail a notification; `deadline` bounds one attempt as a whole."""

    def __init__(self, settings: EmailSettings, deadline: timedelta = DEADLINE) -> None:
        self._settings = settings
        self._deadline = deadline.total_seconds()

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One connection, one mail. 5xx of SMTP is a dead letter, 4xx and a broken connection are tried again."""
        host, port = self._settings.smarthost
        place = f"{host}:{port}"
        try:
            password = self._password()
        except ConfigurationError as error:
            return Result("failed", None, NOT_SENT + error.message)
        line = _Line(self._deadline)
        handed_over = False
        try:
            with line.bounded(), self._connected(line) as smtp:
                if self._settings.auth_username:
                    smtp.login(self._settings.auth_username, password)
                mail = mail_of(delivery, repeat, self._settings)
                handed_over = True
                refused = smtp.send_message(mail, addresses(self._settings.sender)[0], addresses(self._settings.to))
            return Result("sent", 250, _refusals(refused, password) or f"{place} took it")
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            passing = any(code < 500 for code in codes)
            return Result("failed" if passing else "dead", codes[0], excerpt(_refusals(error.recipients, password)))
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            final = 500 <= error.smtp_code < 600
            return Result("dead" if final else "failed", error.smtp_code, excerpt(text, [password]))
        except (smtplib.SMTPException, ConfigurationError, OSError, IndexError, ValueError) as error:
            late = f"no end within {self._deadline:g} s" if line.cut else str(error) or type(error).__name__
            return Result("failed", None, ("" if handed_over else NOT_SENT) + f"{place}: {excerpt(late, [password])}")

    def close(self) -> None:
        """Nothing is kept."""

    def _password(self) -> str:
        settings = self._settings
        return settings.password() or secret_text(settings.auth_secret, settings.auth_secret_file, "auth_secret")

    @contextlib.contextmanager
    def _connected(self, line: _Line) -> Iterator[smtplib.SMTP]:
        host, port = self._settings.smarthost
        tls = trust(self._settings.tls_config) if port == TLS_PORT or self._settings.require_tls else None
        smtp = _Smtp(
            line, tls if port == TLS_PORT else None, self._settings.hello, self._settings.tls_config.server_name
        )
        try:
            code, greeting = smtp.connect(host, port)
            if code != 220:  # smtplib leaves that to its caller
                raise smtplib.SMTPConnectError(code, greeting)
            smtp.ehlo_or_helo_if_needed()
            if tls is not None and port != TLS_PORT:
                if not smtp.has_extn("starttls"):
                    raise smtplib.SMTPNotSupportedError(
                        "the server offers no STARTTLS; set `require_tls: false` only if the way to it is private"
                    )
                smtp.starttls(context=tls)
                smtp.ehlo()
            yield smtp
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()  # the mail is taken by now, whatever comes of the goodbye
        finally:
            smtp.close()


class _Line:
    """The connection of one attempt and the timer that cuts it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.cut = False
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None

    def hold(self, plain: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one over, in the middle of a handshake too."""
        with self._lock:
            self._twin = socket.socket(fileno=os.dup(plain.fileno()))

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        timer = threading.Timer(self.seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                if self._twin is not None:
                    self._twin.close()
                    self._twin = None

    def _cut(self) -> None:
        with self._lock:
            self.cut = True
            if self._twin is not None:
                with contextlib.suppress(OSError):
                    self._twin.shutdown(socket.SHUT_RDWR)


class _Smtp(smtplib.SMTP):
    def __init__(self, line: _Line, tls: ssl.SSLContext | None, hello: str, name: str) -> None:
        self._line, self._tls, self._name = line, tls, name
        super().__init__(local_hostname=hello or None, timeout=line.seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._line.hold(plain)
        self._host = self._name or host  # what starttls checks the certificate against
        return self._tls.wrap_socket(plain, server_hostname=self._host) if self._tls else plain


def _refusals(refused: Mapping[str, tuple[int, bytes]], password: str) -> str:
    return "; ".join(f"{one} refused: {code} {excerpt(text, [password])}" for one, (code, text) in refused.items())
