"""What a charge is about: the service it serves, else the namespace, the cluster that idles, the pool, the
commitment."""

from __future__ import annotations

from analytics.focus.charges import Charge
from warehouse.charges import NO_SERVICE

Resource = tuple[str | None, str | None, str | None]


def resource_of(charge: Charge) -> Resource:
    """Identifier (unique in the file's billing account), name and type; all None where nothing is known."""
    if charge.charge == "unused" and charge.commitment:
        return f"commitment/{charge.commitment}", charge.commitment, "Commitment"
    if charge.charge in ("shared", "overhead") and charge.pool:
        return f"pool/{charge.pool}", charge.pool, "Shared Cost"
    if charge.charge == "idle":
        return _cluster(charge)
    if charge.service not in (NO_SERVICE, ""):
        return f"service/{charge.service}", charge.service, "Inference Service"
    if charge.namespace:
        place = f"cluster/{charge.cluster}/" if charge.cluster else ""
        return f"{place}namespace/{charge.namespace}", charge.namespace, "Namespace"
    return f"team/{charge.team}", charge.team, "Team"


def _cluster(charge: Charge) -> Resource:
    return (f"cluster/{charge.cluster}", charge.cluster, "Cluster") if charge.cluster else (None, None, None)
