"""How Go writes and reads text: `strconv.Quote`, `strconv.Unquote`, `unicode.IsSpace`.

Group keys and matchers contain Go's quoting, and a key that differs in one character is another group.
"""

from __future__ import annotations

import re
import unicodedata

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
SHORT = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
LONG = {written[1]: letter.encode() for letter, written in SHORT.items()} | {"\\": b"\\", '"': b'"'}
PLAIN = re.compile(r"[ !#-\[\]-~]*")  # printable ASCII without " and \: nothing to escape, and nearly every text
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)", re.DOTALL)


def is_space(letter: str) -> bool:
    """Unicode's White_Space property (Python's `isspace` also counts U+001C to U+001F)."""
    return letter in SPACES


def quoted(text: str) -> str:
    """`strconv.Quote`: double quotes, and escapes for all that Go does not print."""
    return f'"{text}"' if PLAIN.fullmatch(text) else '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter == " " or unicodedata.category(letter)[0] in "LMNPS":
        return letter
    if letter in SHORT:
        return SHORT[letter]
    code = ord(letter)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquoted(text: str) -> str:
    """`strconv.Unquote` of a text in double quotes. Raises ValueError for an escape that Go does not know."""
    inside = text[1:-1]
    if len(text) < 2 or "\n" in inside:
        raise ValueError(f"{text}: invalid input")
    parts: list[bytes] = []
    end = 0
    for found in ESCAPE.finditer(inside):
        if found.start() != end:
            break
        end = found.end()
        parts.append(_unescaped(found, text))
    if end != len(inside):
        raise ValueError(f"{text}: invalid input")
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{text}: quoted string contains invalid UTF-8 code points") from None


def _unescaped(found: re.Match[str], text: str) -> bytes:
    hexadecimal, octal, short, long, letter, literal = found.groups()
    if literal is not None:
        return literal.encode()
    if letter is not None and letter in LONG:
        return LONG[letter]
    byte = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else None
    if byte is not None and byte < 256:
        return bytes([byte])
    code = int(short or long, 16) if short or long else -1
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError(f"{text}: invalid input")
    return chr(code).encode()
