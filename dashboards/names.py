"""The placeholders that stand in the tables where there is no owner, in words."""

from __future__ import annotations

from warehouse.charges import IDLE, NO_SERVICE, SHARED, UNALLOCATED

_WORDS = {
    IDLE: "(requested by nobody)", UNALLOCATED: "(no owner)", SHARED: "(shared)", NO_SERVICE: "(no service)",
    "": "(not known)",
}  # fmt: skip
_NONE = {
    "cost_center": "(no cost center)", "namespace": "(no namespace)", "pod": "(no pod)", "cluster": "(no cluster)",
    "gpu_model": "(no GPU)", "pricing": "(no price)",
}  # fmt: skip
_NO_MODEL = "(no model)"


def said_of_scope(scope: str) -> str:
    """The scope of a unit cost: a service, model, team or `service/tenant` as people say it."""
    service, slash, tenant = scope.rpartition("/")
    return f"{service}/(no tenant)" if slash and tenant == UNALLOCATED else said(scope)


def said(name: str | None, column: str = "") -> str:
    """A team, service or model as people say it; `column` says what it is that is not there."""
    if not name or (name, column) == (UNALLOCATED, "cost_center"):
        return _NONE.get(column, _WORDS[""])
    if name == NO_SERVICE and column == "model":
        return _NO_MODEL
    return _WORDS.get(name, name)
