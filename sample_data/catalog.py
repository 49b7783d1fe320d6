"""Who and what is on the platform: teams, services, monitored models. Data only, nothing moves here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Runtime = Literal["vllm", "triton", "knative"]
Monitor = Literal["daily", "stale", "none", "drifted"]


@dataclass(frozen=True, slots=True)
class Team:
    """A team that is charged: `namespaces` are globs, budgets are US dollars as decimal strings.

    `budget` is for a month, `quarterly` for a quarter; teams plan a little less than three full months.
    """

    name: str
    namespaces: tuple[str, ...]
    cost_center: str
    budget: str
    quarterly: str


@dataclass(frozen=True, slots=True)
class Handover:
    """A namespace that one team gave to another, who now also matches it with a glob."""

    namespace: str
    giver: str
    taker: str


@dataclass(frozen=True, slots=True)
class Service:
    """A model behind an address.

    `peak` is requests a minute of one replica in the busiest hour; `median` seconds of a usual request; `first` seconds
    to the first token (0 where there are none); `tokens` mean prompt and answer tokens of a request; `timezone` hours
    added to UTC for the users' day; `mesh` whether an Istio proxy measures it too.
    """

    name: str
    team: str
    tier: int
    path: str
    cluster: str
    namespace: str
    model: str
    runtime: Runtime
    peak: float
    median: float
    first: float = 0.0
    tokens: tuple[int, int] = (0, 0)
    timezone: int = 0
    mesh: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model in production. `monitor`: what watches its drift; `drifted` is a daily monitor that has found some."""

    name: str
    team: str
    tier: int
    monitor: Monitor


TEAMS = (
    Team("assistant", ("assistant", "assistant-*"), "CC-110", "20000.00", "58000.00"),
    Team("search", ("search", "search-*"), "CC-120", "7000.00", "20000.00"),
    Team("devtools", ("devtools", "devtools-*"), "CC-130", "9000.00", "26000.00"),
    Team("risk", ("risk", "risk-*"), "CC-140", "2000.00", "6000.00"),
    Team("vision", ("vision", "vision-*"), "CC-150", "3300.00", "9500.00"),
    Team("research", ("research", "research-*"), "CC-200", "6000.00", "17000.00"),
)

HANDOVER = Handover("vision-lab", "research", "vision")

PLATFORM_NAMESPACES = ("kube-system", "monitoring", "gpu-operator")
"""What keeps the clusters running: all teams bear its cost."""

SERVICE_BUDGETS = {"chat": "11000.00", "code-assist": "10500.00", "rag-answers": "3000.00"}
"""US dollars a month for a service, besides its team's budget."""

SERVICES = (
    Service("chat", "assistant", 1, "paved_road", "us-east-prod", "assistant", "llama-3.3-70b-instruct", "vllm",
            peak=38, median=3.4, first=0.32, tokens=(900, 310), timezone=-5, mesh=True),
    Service("summarize", "assistant", 2, "paved_road", "us-east-prod", "assistant", "mistral-small-24b", "vllm",
            peak=16, median=2.6, first=0.21, tokens=(3200, 180), timezone=-5, mesh=True),
    Service("code-assist", "devtools", 1, "paved_road", "eu-west-prod", "devtools", "qwen2.5-coder-32b", "vllm",
            peak=64, median=1.0, first=0.14, tokens=(1500, 90), timezone=1, mesh=True),
    Service("rag-answers", "search", 2, "custom", "eu-west-prod", "search", "llama-3.1-8b-instruct", "vllm",
            peak=45, median=1.6, first=0.11, tokens=(2100, 140), timezone=1),
    Service("translate", "assistant", 3, "custom", "eu-west-prod", "assistant", "qwen2.5-7b-instruct", "vllm",
            peak=22, median=1.1, first=0.09, tokens=(420, 430), timezone=1),
    Service("rerank", "search", 2, "paved_road", "us-east-prod", "search", "bge-reranker-v2", "triton",
            peak=420, median=0.03, timezone=-5),
    Service("fraud-score", "risk", 1, "paved_road", "us-east-prod", "risk", "fraud-gbm-v7", "knative",
            peak=600, median=0.018, timezone=-5),
    Service("image-tag", "vision", 3, "custom", "us-east-prod", "vision", "clip-vit-l14", "knative",
            peak=90, median=0.14, timezone=-5),
)  # fmt: skip

MODELS = (
    Model("llama-3.3-70b-instruct", "assistant", 1, "daily"),
    Model("mistral-small-24b", "assistant", 2, "daily"),
    Model("qwen2.5-coder-32b", "devtools", 1, "daily"),
    Model("llama-3.1-8b-instruct", "search", 2, "stale"),
    Model("qwen2.5-7b-instruct", "assistant", 3, "none"),
    Model("bge-reranker-v2", "search", 2, "daily"),
    Model("fraud-gbm-v7", "risk", 1, "drifted"),
    Model("clip-vit-l14", "vision", 3, "daily"),
)
