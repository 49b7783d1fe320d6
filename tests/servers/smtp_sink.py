"""A small SMTP server that keeps the mails it gets and answers as it is told: STARTTLS, AUTH PLAIN, any reply code."""

from __future__ import annotations

import asyncio
import base64
import email.policy
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser


@dataclass
class Mail:
    """One mail as it came in."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool
    login: str | None


@dataclass
class SmtpSink:
    """`replies` overrides the answer to a command by its first word (`MAIL`, `DATA`, `END` after the text, `GREETING`).

    `drip` sends every answer a byte each so many seconds.
    """

    port: int = 0
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    replies: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    mails: list[Mail] = field(default_factory=list)
    sessions: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.sessions += 1
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _Session:
    def __init__(self, sink: SmtpSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.sender, self.recipients = "", list[str]()
        self.encrypted, self.user = False, None

    async def run(self) -> None:
        await self.say("GREETING", "220 sink")
        while line := (await self.reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == "QUIT":
                return await self.say(word, "221 bye")
            await getattr(self, f"on_{word.lower()}", self.on_other)(line)

    async def say(self, word: str, text: str) -> bool:
        """Answer; whether it was the usual answer."""
        chosen = self.sink.replies.get(word, text)
        for byte in (chosen + "\r\n").encode() if self.sink.drip else ():
            self.writer.write(bytes([byte]))
            await asyncio.sleep(self.sink.drip)
        if not self.sink.drip:
            self.writer.write((chosen + "\r\n").encode())
        await self.writer.drain()
        return chosen == text

    async def on_other(self, line: str) -> None:
        await self.say(line.split()[0].upper(), "250 ok")

    async def on_ehlo(self, line: str) -> None:
        offers = ["sink", "8BITMIME", "SMTPUTF8"]
        if self.sink.tls is not None and not self.encrypted:
            offers.append("STARTTLS")
        if self.sink.login is not None:
            offers.append("AUTH PLAIN")
        text = "\r\n".join(f"250-{one}" for one in offers[:-1]) + f"\r\n250 {offers[-1]}"
        await self.say("EHLO", text)

    async def on_starttls(self, line: str) -> None:
        if await self.say("STARTTLS", "220 go ahead"):
            await self.writer.start_tls(self.sink.tls)  # type: ignore[arg-type]
            self.encrypted = True

    async def on_auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        good = (user, password) == self.sink.login
        self.user = user if good else None
        await self.say("AUTH", "235 welcome" if good else f"535 wrong password {password}")

    async def on_mail(self, line: str) -> None:
        self.sender, self.recipients = line.split("<")[1].split(">")[0], []
        await self.say("MAIL", "250 ok")

    async def on_rcpt(self, line: str) -> None:
        address = line.split("<")[1].split(">")[0]
        if await self.say(f"RCPT {address}" if f"RCPT {address}" in self.sink.replies else "RCPT", "250 ok"):
            self.recipients.append(address)

    async def on_data(self, line: str) -> None:
        if not await self.say("DATA", "354 go ahead"):
            return
        content = await self.reader.readuntil(b"\r\n.\r\n")
        message = BytesParser(policy=email.policy.default).parsebytes(content[:-3])
        if await self.say("END", "250 taken"):
            mail = Mail(self.sender, self.recipients, message, self.encrypted, self.user)  # type: ignore[arg-type]
            self.sink.mails.append(mail)


@contextmanager
def smtp_sink(**settings: object) -> Iterator[SmtpSink]:
    """A running server on a free loopback port; `settings` are fields of SmtpSink."""
    sink = SmtpSink(**settings)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def listen() -> asyncio.Server:
        server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        started.set()
        return server

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(listen())
        loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
