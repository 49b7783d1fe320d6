"""`http_config` and `tls_config` of Alertmanager's file, checked as Alertmanager checks them.

What would change how a request is authenticated but is not ours to do (OAuth 2, extra headers, inline certificates) is
refused and not ignored: the request would fail, and at night.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import ValidationInfo, model_validator

from alerts.routing.field_types import Flag, Secret, Text
from alerts.routing.file_base import Entry, Reading, reading
from alerts.routing.go_url import split
from alerts.routing.http_settings import HttpSettings, TlsSettings

TLS_VERSIONS = ("", "TLS10", "TLS11", "TLS12", "TLS13")
HTTP_REFUSED = ("oauth2", "http_headers", "proxy_connect_header")
TLS_REFUSED = ("ca", "cert", "key", "ca_ref", "cert_ref", "key_ref")


def at_most_one(**given: object) -> None:
    """Raises ValueError naming both when two of the keys are set."""
    if sum(map(bool, given.values())) > 1:
        raise ValueError(f"at most one of {' & '.join(given)} must be configured")


def in_base(path: str, base: Path | None) -> Path | None:
    """A file named in the configuration, relative to the configuration; None for no name."""
    return ((base or Path()) / path) if path else None


def refuse(content: Any, keys: tuple[str, ...], where: str) -> None:
    """Raises ValueError for a key that Alertmanager knows and we do not serve."""
    for key in keys:
        if isinstance(content, dict) and key in content:
            raise ValueError(f"{where} {key} is not supported here")


class TlsEntry(Entry):
    """`tls_config`."""

    ca_file: Text = ""
    cert_file: Text = ""
    key_file: Text = ""
    server_name: Text = ""
    insecure_skip_verify: Flag = False
    min_version: Text = ""
    max_version: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _served(cls, content: Any) -> Any:
        refuse(content, TLS_REFUSED, "tls_config")
        return content

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        for version in (self.min_version, self.max_version):
            if version not in TLS_VERSIONS:
                raise ValueError(f"unknown TLS version: {version}")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("exactly one of cert_file and key_file is configured, a client certificate needs both")
        if self.min_version or self.max_version:
            reading(info).warn("tls_config min_version and max_version are ignored: Python's own limits hold")
        return self

    def settings(self, base: Path | None) -> TlsSettings:
        """As the senders take it."""
        return TlsSettings(
            ca_file=in_base(self.ca_file, base),
            cert_file=in_base(self.cert_file, base),
            key_file=in_base(self.key_file, base),
            server_name=self.server_name,
            insecure_skip_verify=self.insecure_skip_verify,
        )


class BasicAuthEntry(Entry):
    """`basic_auth`."""

    username: Text = ""
    username_file: Text = ""
    password: Secret = None
    password_file: Text = ""


class AuthorizationEntry(Entry):
    """`authorization`."""

    type: Text = ""
    credentials: Secret = None
    credentials_file: Text = ""


class HttpEntry(Entry):
    """`http_config`."""

    basic_auth: BasicAuthEntry | None = None
    authorization: AuthorizationEntry | None = None
    bearer_token: Secret = None
    bearer_token_file: Text = ""
    tls_config: TlsEntry = TlsEntry()
    follow_redirects: Flag = True
    enable_http2: Flag = True
    proxy_url: Text = ""
    proxy_from_environment: Flag = False
    no_proxy: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _served(cls, content: Any) -> Any:
        refuse(content, HTTP_REFUSED, "http_config")
        return content

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        at_most_one(bearer_token=self.bearer_token, bearer_token_file=self.bearer_token_file)
        split(self.proxy_url)
        bearer = bool(self.bearer_token or self.bearer_token_file)
        if self.basic_auth and bearer:
            raise ValueError("at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured")
        if self.authorization and bearer:
            raise ValueError("authorization is not compatible with bearer_token & bearer_token_file")
        if self.authorization and self.basic_auth:
            raise ValueError("at most one of basic_auth, oauth2 & authorization must be configured")
        if basic := self.basic_auth:
            at_most_one(username=basic.username, username_file=basic.username_file)
            at_most_one(password=basic.password, password_file=basic.password_file)
        if given := self.authorization:
            at_most_one(credentials=given.credentials, credentials_file=given.credentials_file)
            if given.type.strip().lower() == "basic":
                raise ValueError('authorization type cannot be set to "basic", use "basic_auth" instead')
        if self.proxy_from_environment and (self.proxy_url or self.no_proxy):
            raise ValueError("if proxy_from_environment is configured, proxy_url and no_proxy must not be configured")
        if self.no_proxy:
            if not self.proxy_url:
                raise ValueError("if no_proxy is configured, proxy_url must also be configured")
            reading(info).warn("http_config no_proxy is ignored: proxy_url is used for every request")
        return self

    def settings(self, context: Reading) -> HttpSettings:
        """As the senders take it; a bearer token is an authorization."""
        basic, given, base = self.basic_auth, self.authorization, context.base
        bearer = self.bearer_token or self.bearer_token_file
        return HttpSettings(
            username=basic.username if basic else "",
            username_file=in_base(basic.username_file, base) if basic else None,
            password=basic.password if basic else None,
            password_file=in_base(basic.password_file, base) if basic else None,
            authorization_type=(given.type.strip() or "Bearer") if given else "Bearer" if bearer else "",
            credentials=given.credentials if given else self.bearer_token,
            credentials_file=in_base(given.credentials_file if given else self.bearer_token_file, base),
            tls_config=self.tls_config.settings(base),
            proxy_url=self.proxy_url,
            proxy_from_environment=self.proxy_from_environment,
            follow_redirects=self.follow_redirects,
        )
