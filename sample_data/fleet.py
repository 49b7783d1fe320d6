"""The machines: 3 clusters, 8 nodes, 64 physical GPUs; one node cut by MIG, one shared by time-slicing, two spot."""

from __future__ import annotations

from dataclasses import dataclass

Device = tuple[int, int | None]
"""GPU index on its node, and the MIG instance on it or None."""

WHOLE = "nvidia_com_gpu"

WHOLE_CARD = ("7g.80gb",)
HALF_CARD = ("3g.40gb", "3g.40gb")
MIXED_CARD = ("2g.20gb", "2g.20gb", "2g.20gb", "1g.10gb")
"""Layouts that fill an A100 to the last slice: a card is never worth more or less than one GPU."""

MIG_CARDS = (HALF_CARD,) * 3 + (WHOLE_CARD,) * 3 + (MIXED_CARD, WHOLE_CARD)


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with `gpus` cards.

    `model` is the name that dcgm-exporter prints, `product` the node label of GPU feature discovery. `layout` gives the
    MIG profiles of each card (empty: not cut). `replicas` pods may share a card. `omits` names DCGM fields that its
    exporter does not serve. `spot`: whether the provider may take it back, and charges less for it.
    """

    cluster: str
    name: str
    model: str
    product: str
    idle_watts: float
    full_watts: float
    memory_mib: int
    instance_type: str
    cores: int
    ram_gib: int
    gpus: int = 8
    layout: tuple[tuple[str, ...], ...] = ()
    replicas: int = 1
    omits: frozenset[str] = frozenset()
    spot: bool = False

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every card, or every MIG instance of every card."""
        if not self.layout:
            return tuple((gpu, None) for gpu in range(self.gpus))
        return tuple((gpu, number) for gpu, card in enumerate(self.layout) for number in range(len(card)))

    def profile(self, device: Device) -> str | None:
        """The MIG profile of a device, None for a whole card."""
        gpu, number = device
        return None if number is None else self.layout[gpu][number]

    def resource(self, device: Device) -> str:
        """The Kubernetes resource, as kube-state-metrics spells it."""
        profile = self.profile(device)
        return WHOLE if profile is None else f"nvidia_com_mig_{profile.replace('.', '_')}"

    @property
    def capacity(self) -> dict[str, int]:
        """Units of each resource that Kubernetes sees: time-slicing multiplies cards, MIG replaces them."""
        if not self.layout:
            return {WHOLE: self.gpus * self.replicas}
        units = {WHOLE: 0}
        for device in self.devices:
            units[self.resource(device)] = units.get(self.resource(device), 0) + 1
        return units


REGIONS = {"us-east-prod": "us-east-1", "eu-west-prod": "eu-west-1", "us-train": "us-west-2"}

HONOR_LABELS = {"us-east-prod": False, "eu-west-prod": True, "us-train": False}
"""Whether the cluster's scrape of dcgm-exporter lets the workload's labels win over the exporter's own."""

LEAN = frozenset({"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_FB_USED", "DCGM_FI_PROF_DRAM_ACTIVE"})
"""Fields left out of the training cluster's counters file."""

NOT_ON_MIG = frozenset({"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_PROF_DRAM_ACTIVE"})
NOT_ON_L4 = frozenset({"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_DRAM_ACTIVE"})


def _h100(cluster: str, name: str, omits: frozenset[str] = frozenset(), spot: bool = False) -> Node:
    model, product = "NVIDIA H100 80GB HBM3", "NVIDIA-H100-80GB-HBM3"
    return Node(cluster, name, model, product, 72, 690, 81559, "p5.48xlarge", 192, 2048, omits=omits, spot=spot)


def _a100(
    cluster: str, name: str, omits: frozenset[str] = frozenset(), layout: tuple[tuple[str, ...], ...] = (),
    spot: bool = False,
) -> Node:  # fmt: skip
    model, product = "NVIDIA A100-SXM4-80GB", "NVIDIA-A100-SXM4-80GB"
    return Node(
        cluster, name, model, product, 58, 395, 81920, "p4de.24xlarge", 96, 1152, layout=layout, omits=omits, spot=spot
    )


def _l4(cluster: str, name: str, replicas: int) -> Node:
    model, product = "NVIDIA L4", "NVIDIA-L4-SHARED"
    return Node(
        cluster, name, model, product, 16, 72, 23034, "g6.48xlarge", 192, 768, replicas=replicas, omits=NOT_ON_L4
    )


NODES = (
    _h100("us-east-prod", "use1-h100-01"),
    _a100("us-east-prod", "use1-mig-01", NOT_ON_MIG, MIG_CARDS),
    _l4("us-east-prod", "use1-l4-01", replicas=4),
    _h100("eu-west-prod", "euw1-h100-01"),
    _a100("eu-west-prod", "euw1-a100-01", frozenset({"DCGM_FI_PROF_SM_ACTIVE"})),
    _h100("us-train", "ust1-h100-01", LEAN),
    _h100("us-train", "ust1-h100-02", LEAN, spot=True),
    _a100("us-train", "ust1-a100-01", LEAN, spot=True),
)
