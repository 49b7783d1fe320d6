"""The configuration as it may be shown: every secret is `<secret>`, and comments, which may hold one, are gone.

Decided by the names of keys, and rather too often than too seldom: whatever is called a key, token, secret, password
or credentials, and every address that a message is posted to.
"""

from __future__ import annotations

import re

import yaml

HIDDEN = "<secret>"
SECRET_KEY = re.compile(
    r"(?:.*_)?(?:key|token|token_id|secret|password|credentials)|(?:.*_)?(?:api|webhook)_url|url|proxy_url"
)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def without_secrets(text: str) -> str:
    """YAML with the same meaning as the text's first document, but for the secrets. The text must be YAML."""
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()
    if node is None:
        return ""
    _hide(node, set())
    return str(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=120))


def _hide(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _hide(child, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and SECRET_KEY.fullmatch(key.value):
                _hide_all(value)
            else:
                _hide(value, seen)


def _hide_all(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode):
        if node.tag != "tag:yaml.org,2002:null":
            node.tag, node.value, node.style = "tag:yaml.org,2002:str", HIDDEN, None
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _hide_all(child)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            _hide_all(value)
