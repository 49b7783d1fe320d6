"""Types of the fields in Alertmanager's file: each reads a Scalar of document.py just as Go would.

`null` is a field's zero value, a list is never made of one word, and whatever is refused is refused in Go's words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, SecretStr

from alerts.routing.document import Scalar
from alerts.routing.duration import parse_duration, parse_go_duration
from alerts.routing.go_url import check_address

TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
PORTS = {"smtp": 25, "smtps": 465, "submission": 587, "submissions": 465}
Item = TypeVar("Item")


def as_text(value: Any) -> str:
    """Any scalar, as written."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"cannot unmarshal {_kind(value)} into string")
    return str(value)


def _as_flag(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, Scalar) and value.plain and value in TRUE | FALSE:
        return value in TRUE
    raise ValueError(f"cannot unmarshal {_kind(value)} into bool")


def _as_count(value: Any) -> int:
    if value is None or isinstance(value, int):
        return value or 0
    try:
        if isinstance(value, Scalar) and value.plain:
            count = int(value.replace("_", ""), 8 if value[:1] == "0" and value.isdigit() else 0)
            if 0 <= count < 1 << 64:
                return count
    except ValueError:
        pass
    raise ValueError(f"cannot unmarshal {_kind(value)} into uint64")


def _as_duration(value: Any) -> timedelta:
    if value is None or isinstance(value, timedelta):
        return value or timedelta(0)
    return parse_duration(as_text(value))


def _as_go_duration(value: Any) -> timedelta:
    if value is None or isinstance(value, timedelta):
        return value or timedelta(0)
    return parse_go_duration(as_text(value))


def _as_url(value: Any) -> str | None:
    return None if value is None else check_address(as_text(value))


def _as_secret_url(value: Any) -> SecretStr | None:
    if value is None:
        return None
    text = as_text(value)
    try:
        return SecretStr(text if text == "<secret>" else check_address(text))
    except ValueError as error:
        # A secret must not come back in a message, not even a part of it.
        said = str(error)
        raise ValueError('parse "<secret>": it is not a URL' if said.startswith("parse ") else said) from None


def _as_secret(value: Any) -> SecretStr | None:
    text = as_text(value)
    return SecretStr(text) if text else None


def _as_host_port(value: Any) -> tuple[str, int] | None:
    text = as_text(value)
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        raise ValueError(f"address {text}: missing port in address")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"address {text}: too many colons in address")
    if any(letter in "[]" for letter in host + port):
        raise ValueError(f"address {text}: unexpected bracket in address")
    if not port:
        raise ValueError(f'address "{text}": port cannot be empty')
    if port not in PORTS and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f'address "{text}": {port} is not a port')
    return host, PORTS.get(port) or int(port)


def as_list(value: Any) -> Any:
    """A list, or None for null."""
    if value is not None and not isinstance(value, list):
        raise ValueError(f"cannot unmarshal {_kind(value)} into a list")
    return value


def as_map(value: Any) -> Any:
    """A mapping, empty for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"cannot unmarshal {_kind(value)} into a map")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "!!seq"
    if isinstance(value, dict):
        return "!!map"
    return f"!!str `{value}`"


Text = Annotated[str, BeforeValidator(as_text)]
Flag = Annotated[bool, BeforeValidator(_as_flag)]
Count = Annotated[int, BeforeValidator(_as_count)]
Duration = Annotated[timedelta, BeforeValidator(_as_duration)]
GoDuration = Annotated[timedelta, BeforeValidator(_as_go_duration)]
Url = Annotated[str | None, BeforeValidator(_as_url)]
SecretUrl = Annotated[SecretStr | None, BeforeValidator(_as_secret_url)]
Secret = Annotated[SecretStr | None, BeforeValidator(_as_secret)]
Many = Annotated[list[Item] | None, BeforeValidator(as_list)]
TextMap = Annotated[dict[str, Text], BeforeValidator(as_map)]
HostPort = Annotated[tuple[str, int] | None, BeforeValidator(_as_host_port)]
