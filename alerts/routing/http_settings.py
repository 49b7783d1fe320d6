"""The part of Alertmanager's `http_config` that our senders honour, and secrets that may live in files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, SecretStr

from warehouse.errors import ConfigurationError


class TlsSettings(BaseModel):
    """`tls_config`; empty means the system's authorities and full verification."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False


class HttpSettings(BaseModel):
    """`http_config`. At most one of basic and `authorization` is set; a bearer token is an authorization."""

    username: str = ""
    username_file: Path | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    authorization_type: str = ""  # "Bearer" unless the file says otherwise; empty = no such header
    credentials: SecretStr | None = None
    credentials_file: Path | None = None
    tls_config: TlsSettings = TlsSettings()
    proxy_url: str = ""
    proxy_from_environment: bool = False
    follow_redirects: bool = True

    def basic_auth(self) -> tuple[str, str] | None:
        """User and password, read now."""
        if not self.username and self.username_file is None:
            return None
        user = secret_text(None, self.username_file, "username") if self.username_file else self.username
        return user, secret_text(self.password, self.password_file, "password")

    def authorization(self) -> str | None:
        """The value of the Authorization header, read now; None when basic auth or nothing is used."""
        if not self.authorization_type:
            return None
        return f"{self.authorization_type} {secret_text(self.credentials, self.credentials_file, 'credentials')}"


def secret_text(inline: SecretStr | None, file: Path | None, key: str) -> str:
    """The secret, from the file if one is named, without surrounding white space.

    Raises ConfigurationError, naming the file and never the content.
    """
    if file is None:
        return inline.get_secret_value() if inline else ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"{key}_file {file} cannot be read: {reason}", "check the path and permissions"
        ) from None
