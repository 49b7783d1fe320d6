"""The requests session that is handed to `prometheus_api_client`: TLS, encoding, credentials.

The library ignores `disable_ssl` and knows no CA file when it is given a session, so all of that is set here.
"""

from __future__ import annotations

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from collector.prometheus.connection import Connection


class Credentials(AuthBase):
    """Reads the secrets for every request, and keeps ~/.netrc from putting others in their place."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        connection = self._connection
        if connection.token is not None:
            request.headers["Authorization"] = f"Bearer {connection.token.read()}"
        elif connection.username is not None and connection.password is not None:
            # as bytes, for requests would encode text in Latin-1
            HTTPBasicAuth(connection.username.encode(), connection.password.read().encode())(request)
        return request


def open_session(connection: Connection) -> requests.Session:
    """A session with the connection's TLS settings and encoding. It holds no credentials and opens no connection."""
    session = requests.Session()
    session.headers["User-Agent"] = "meterline"
    session.headers["Accept-Encoding"] = "gzip" if connection.compression else "identity"
    session.verify = str(connection.ca_file) if connection.ca_file is not None else True
    if connection.insecure_skip_verify:
        session.verify = False
    if connection.cert_file is not None:
        certificate, key = str(connection.cert_file), connection.key_file
        session.cert = certificate if key is None else (certificate, str(key))
    return session
