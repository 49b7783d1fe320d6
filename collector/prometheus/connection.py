"""How a Prometheus-compatible server is reached: the part of a source's settings that the transport needs.

It validates what can be validated without a network: a URL without credentials in it, a certificate with its key, one
way to authenticate. It opens nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from collector.secret import Secret


class Connection(BaseModel):
    """Address, credentials and patience for one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Base address, without /api/v1; a path before that is fine (/select/0/prometheus).")
    headers: dict[str, Secret] = Field(default={}, description="Extra request headers, e.g. X-Scope-OrgID.")
    username: str | None = Field(default=None, description="Basic authentication: user name.")
    password: Secret | None = Field(default=None, description="Basic authentication: password.")
    token: Secret | None = Field(default=None, description="Bearer token; excludes username and password.")
    ca_file: Path | None = Field(default=None, description="PEM bundle to verify the server with.")
    cert_file: Path | None = Field(default=None, description="PEM client certificate.")
    key_file: Path | None = Field(default=None, description="PEM key of the client certificate.")
    insecure_skip_verify: bool = Field(default=False, description="Accept any server certificate.")
    deadline: float = Field(default=120.0, gt=0, description="Seconds one request may take in all, retries included.")
    retries: int = Field(default=3, ge=0, description="More attempts after a failure that passes (503, no connection).")
    compression: bool = Field(
        default=False, description="Ask for gzip: slower on a fast network, faster below about 100 Mbit/s."
    )

    @field_validator("url")
    @classmethod
    def _plain_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address such as http://prometheus:9090")
        if "@" in parts.netloc:
            raise ValueError("credentials do not belong in the url: use username and password")
        if parts.query or parts.fragment:
            raise ValueError("expected a base address without ? and #")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.token is not None and self.username is not None:
            raise ValueError("token and username exclude each other")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file needs cert_file")
        return self
