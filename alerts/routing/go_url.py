"""Addresses as Go's `net/url` reads them, so that the ones Alertmanager refuses at load are refused at load.

Only whether a text can be read matters here, and its scheme and host; senders get the text as it was written.
"""

from __future__ import annotations

import re
import string

from alerts.routing.go_text import quoted

LETTERS = frozenset(string.ascii_letters + string.digits)
IN_HOST = LETTERS | set("-_.~!$&'()*+,;=:[]<>\"%")
IN_USER = LETTERS | set("-._:~!$&'()*+,;=%@")
SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
PORT = re.compile(r"(?::[0-9]*)?")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)


def check_address(text: str) -> str:
    """The text, if it is an http or https URL with a host. Raises ValueError in Go's words."""
    scheme, host = split(text)
    if scheme not in ("http", "https"):
        raise ValueError(f"unsupported scheme {quoted(scheme)} for URL")
    if not host:
        raise ValueError("missing host for URL")
    return text


def split(text: str) -> tuple[str, str]:
    """The scheme in small letters and the host with port, empty where there is none. Raises ValueError."""
    try:
        return _split(text)
    except ValueError as error:
        raise ValueError(f"parse {quoted(text)}: {error}") from None


def _split(text: str) -> tuple[str, str]:
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
        raise ValueError("net/url: invalid control character in URL")
    text, _, fragment = text.partition("#")
    if text.startswith(":"):
        raise ValueError("missing protocol scheme")
    found = SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    rest = (text[found.end() :] if found else text).partition("?")[0]
    if not rest.startswith("/"):
        if scheme:
            return scheme, ""
        if ":" in rest.partition("/")[0]:
            raise ValueError("first path segment in URL cannot contain colon")
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        host, rest = _host(authority), slash + path
    for part in (rest, fragment):
        _check_escapes(part)
    return scheme, host


def _host(authority: str) -> str:
    user, at, host = authority.rpartition("@")
    if at:
        if not IN_USER.issuperset(user):
            raise ValueError("net/url: invalid userinfo")
        _check_escapes(user)
    if host.startswith("["):
        inside, bracket, port = host.rpartition("]")
        if not bracket:
            raise ValueError("missing ']' in host")
        name = inside.partition("%25")[0]
    else:
        name, colon, digits = host.rpartition(":") if ":" in host else (host, "", "")
        port = colon + digits
    if not PORT.fullmatch(port):
        raise ValueError(f"invalid port {quoted(port)} after host")
    wrong = next((letter for letter in name if letter.isascii() and letter not in IN_HOST), None)
    if wrong is not None:
        raise ValueError(f"invalid character {quoted(wrong)} in host name")
    if "%" in name:
        raise ValueError(f"invalid URL escape {quoted(name[name.index('%') :][:3])}")
    return host


def _check_escapes(part: str) -> None:
    if found := BAD_ESCAPE.search(part):
        raise ValueError(f"invalid URL escape {quoted(found[0])}")
