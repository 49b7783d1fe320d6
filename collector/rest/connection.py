"""How a REST API is reached: the part of a source's settings that the client needs.

It validates what can be validated without a network, and opens nothing. Credentials are the source's own keys, because
no two APIs agree on them.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class RestConnection(BaseModel):
    """Address of one API and the patience with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Base address without the API's own path; a path of a proxy before it is fine.")
    ca_file: Path | None = Field(default=None, description="PEM bundle to verify the server with.")
    deadline: float = Field(default=60.0, gt=0, description="Seconds one request may take in all, retries included.")
    retries: int = Field(default=4, ge=0, description="More attempts after a failure that passes (503, no connection).")

    @field_validator("url")
    @classmethod
    def _plain_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address such as http://127.0.0.1:8080")
        if "@" in parts.netloc:
            raise ValueError("credentials do not belong in the url: use the keys for them")
        if parts.query or parts.fragment:
            raise ValueError("expected a base address without ? and #")
        return value.rstrip("/")
