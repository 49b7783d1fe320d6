"""Credentials in the configuration: where to find one, never the thing itself in a log.

A secret is `{env: NAME}`, `{file: PATH}` or, for trying things out, the plain text. It is read when it is used, on
every use, so a rotated token file (a Kubernetes service account token lives an hour) works without a restart. It is
never part of a repr, an error message or a JSON dump. It does not fetch from vaults: mount those as files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_serializer, model_validator

from warehouse.errors import ConfigurationError


class Secret(BaseModel):
    """One credential; exactly one of `env`, `file` and `value` is set. A plain string in the YAML becomes `value`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = Field(default=None, min_length=1, description="Name of the environment variable that holds it.")
    file: Path | None = Field(default=None, description="File that holds it; surrounding white space is dropped.")
    value: SecretStr | None = Field(default=None, description="The credential itself: for tests, not for production.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(part is not None for part in (self.env, self.file, self.value)) != 1:
            raise ValueError("a secret is {env: NAME}, {file: PATH} or a string")
        return self

    @model_serializer
    def _without_the_text(self) -> dict[str, str]:
        if self.env is not None:
            return {"env": self.env}
        return {"file": str(self.file)} if self.file is not None else {"value": "**********"}

    def read(self) -> str:
        """The credential as it is now. Raises ConfigurationError when its variable or file is missing or empty."""
        if self.env is not None:
            text = os.environ.get(self.env, "")
            if not text:
                raise ConfigurationError(f"environment variable {self.env} is not set", "set it to the credential")
            return text
        if self.file is not None:
            try:
                text = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"secret file {self.file} cannot be read ({type(error).__name__})", "check its path and permissions"
                ) from error
            if not text:
                raise ConfigurationError(f"secret file {self.file} is empty", "write the credential into it")
            return text
        assert self.value is not None
        return self.value.get_secret_value()
