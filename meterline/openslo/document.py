"""Loaded SLOs back as OpenSLO v1: the objects as they were read, one document each, in the files' order.

What is read again from it is equal to what was loaded. Credentials do not leave: of a DataSource's connection details
only what is no secret is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from meterline.openslo.kinds import AnyObject, DataSource
from meterline.openslo.slos import Slos

SECRET = re.compile(r"token|password|secret|key|header|credential|auth|user", re.IGNORECASE)
LONG = 10_000
CREDENTIALS_IN_URL = re.compile(r"//[^/@\s]*@")


class _Dumper(yaml.SafeDumper):
    """Without anchors, and with text of several lines as it was written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def openslo(slos: Slos) -> str:
    """Every loaded object as YAML, `---` between them; no document for none."""
    return as_yaml([document(one) for one in slos.documents])


def document(item: AnyObject) -> dict[str, Any]:
    """One object as the mapping that OpenSLO writes, without what is absent."""
    content: dict[str, Any] = item.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    head = {"apiVersion": item.api_version, "kind": item.kind}
    content = head | {key: value for key, value in content.items() if key not in head}
    if isinstance(item, DataSource) and "connectionDetails" in content["spec"]:
        content["spec"]["connectionDetails"] = _without_secrets(content["spec"]["connectionDetails"])
    return content


def as_yaml(documents: Sequence[dict[str, Any]]) -> str:
    """Documents in the order of their keys, as text; a query stays on its line."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=LONG, allow_unicode=True)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items() if not SECRET.search(str(key))}
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    return CREDENTIALS_IN_URL.sub("//", value) if isinstance(value, str) else value
