"""One POST to a receiver, bounded in time as a whole.

Timeouts of HTTP libraries are per read, so a receiver that sends one byte a second never runs into them: the exchange
runs in an event loop of its own, where one deadline ends it at any point, name resolution and TLS included.

It uses httpx's transport without its client: the client logs whole addresses, and for Slack or Teams the address is the
secret. Connections are not kept: notifications are rare, and a kept connection that the receiver closed meanwhile would
look like a failure that may have arrived. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from alerts.delivery import answers
from alerts.delivery.clock import SYSTEM
from alerts.delivery.result import NOT_SENT, Result
from alerts.routing.http_settings import HttpSettings, TlsSettings
from warehouse.errors import ConfigurationError, MeterlineError

DEADLINE = timedelta(seconds=10)
MOST_OF_AN_ANSWER = 64 << 10
JSON = {"Content-Type": "application/json"}
USER_AGENT = {"User-Agent": "Meterline"}


class Exchange:
    """POSTs with one `http_config`, from one thread at a time; `deadline` is for all of one POST."""

    def __init__(
        self,
        settings: HttpSettings | None = None,
        deadline: timedelta = DEADLINE,
        now: Callable[[], datetime] = SYSTEM.now,
    ) -> None:
        self._settings = settings or HttpSettings()
        self._deadline = (deadline or DEADLINE).total_seconds()
        self._now = now
        self._runner: asyncio.Runner | None = None
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._made_of: tuple[object, ...] = ()

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str] | None = None, secrets: Iterable[str] = ()
    ) -> Result:
        """Send `body`; `secrets` and the address are kept out of the result. Never raises for a failure to send."""
        if self._runner is None:  # begun in the thread that uses it
            self._runner = asyncio.Runner()
        try:
            every = {**JSON, **USER_AGENT, **self._credentials(), **(headers or {})}
            request = httpx.Request("POST", url, headers=every, content=body)
        except ConfigurationError as error:  # a secret file that may be back at the next attempt
            return Result("failed", None, NOT_SENT + error.message)
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
            return Result("failed", None, NOT_SENT + "the address or a header has characters that HTTP cannot carry")
        hidden = {*secrets, url, urlsplit(url).path, urlsplit(url).query, every.get("Authorization", "")}
        return self._runner.run(self._bounded(request, hidden))

    def close(self) -> None:
        """Close the loop."""
        if self._runner is not None:
            self._runner.close()
        self._runner = self._transport = None

    async def _bounded(self, request: httpx.Request, secrets: set[str]) -> Result:
        left = False  # whether a byte of the request may have reached the receiver

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal left
            left = left or "send_request" in event

        request.extensions["trace"] = trace
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"))  # the deadline bounds all
        if self._settings.tls_config.server_name:
            request.extensions["sni_hostname"] = self._settings.tls_config.server_name
        head: httpx.Response | None = None
        content = bytearray()
        try:
            async with asyncio.timeout(self._deadline):
                head = await self._transport_now(request.url).handle_async_request(request)
                async for chunk in head.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_OF_AN_ANSWER:
                        break
        except TimeoutError:
            text = f"did not answer within {self._deadline:g} s"
        except MeterlineError as error:
            text = error.message
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            text = answers.masked(_innermost(error), secrets)
        else:
            text = ""
        if head is None:
            text = f"{_place(request.url)}: {text}"
            return Result("failed", None, text if left else NOT_SENT + text)
        await head.aclose()
        # The status decides, even if the rest never came: to repeat what was answered with 200 would page twice.
        return answers.of_status(head.status_code, head.headers, bytes(content), self._now(), secrets)

    def _transport_now(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        """The transport, made again when a certificate file was replaced or another proxy is to be used."""
        tls = self._settings.tls_config
        proxy = self._settings.proxy_url or None
        if self._settings.proxy_from_environment and not urllib.request.proxy_bypass(url.host):
            proxy = urllib.request.getproxies().get(url.scheme)
        files = (proxy, *(_stamp(path) for path in (tls.ca_file, tls.cert_file, tls.key_file)))
        if self._transport is None or files != self._made_of:
            limits = httpx.Limits(max_keepalive_connections=0)
            self._transport = httpx.AsyncHTTPTransport(verify=trust(tls), proxy=proxy, limits=limits, trust_env=False)
            self._made_of = files
        return self._transport

    def _credentials(self) -> dict[str, str]:
        if (basic := self._settings.basic_auth()) is not None:
            return {"Authorization": "Basic " + base64.b64encode(":".join(basic).encode()).decode()}
        value = self._settings.authorization()
        return {} if value is None else {"Authorization": value}


def trust(tls: TlsSettings) -> ssl.SSLContext:
    """The context for a `tls_config`. Raises ConfigurationError when a file of it cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"a file of tls_config cannot be used ({error.strerror or error})", "give PEM files that this user may read"
        ) from error
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _stamp(path: Path | None) -> object:
    try:
        return path and path.stat().st_mtime_ns
    except OSError:
        return None


def _place(url: httpx.URL) -> str:
    """Where it went, without what may be secret: no user, path or query."""
    return f"{url.host}:{url.port}" if url.port else url.host


def _innermost(error: BaseException) -> str:
    """The shortest honest cause: httpx says only `All connection attempts failed`."""
    cause, told = error, ""
    while cause is not None:
        told = " ".join(str(cause).split()) or told
        cause = cause.__cause__ or cause.__context__  # type: ignore[assignment]
    return (told or type(error).__name__)[: answers.EXCERPT]
