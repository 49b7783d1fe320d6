"""The platform of the fixture: who is there. Invented for the tests of those who read published results."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

END = datetime(2026, 11, 24, 6, 0)
DAYS = 30
START = datetime(2026, 10, 25)
CLUSTERS = {
    "us-east-prod": ("NVIDIA-H100-80GB-HBM3", 24),
    "eu-west-prod": ("NVIDIA-A100-SXM4-80GB", 16),
    "us-train": ("NVIDIA-H100-80GB-HBM3", 24),
}
PRICES = {"NVIDIA-H100-80GB-HBM3": Decimal("2.50"), "NVIDIA-A100-SXM4-80GB": Decimal("1.40")}
TEAMS = {
    "search": ("us-east-prod", 0.30),
    "assist": ("us-east-prod", 0.34),
    "ranking": ("eu-west-prod", 0.4),
    "vision": ("eu-west-prod", 0.25),
    "research": ("us-train", 0.5),
    "platform-ml": ("us-train", 0.22),
}
SERVICES = [
    ("chat", "assist", 1, "chat-70b", 0.9989, 2.0, 0.9),
    ("autocomplete", "search", 1, "complete-7b", 0.9996, 0.3, 0.12),
    ("semantic-search", "search", 1, "embed-large", 0.9993, 0.2, 0.06),
    ("ranker", "ranking", 1, "rank-v4", 0.9991, 0.15, 0.05),
    ("image-tags", "vision", 2, "vit-tags", 0.9972, 0.5, 0.21),
    ("ocr", "vision", 2, "ocr-v2", 0.9985, 1.0, 0.44),
    ("summaries", "assist", 2, "sum-13b", 0.9901, 4.0, 1.9),
    ("moderation", "platform-ml", 3, "mod-1b", 0.9997, 0.2, 0.07),
]

PIPELINES = [
    ("train_ranker", "training", 0.97),
    ("train_embed", "training", 0.96),
    ("train_vision", "training", 0.74),
    ("train_chat_sft", "training", 0.93),
    ("deploy_models", "deployment", 0.97),
    ("deploy_gateway", "deployment", 0.985),
]


def days() -> Iterator[date]:
    """The days of the facts; the last one is six hours long."""
    day = START.date()
    while day <= END.date():
        yield day
        day += timedelta(days=1)


def part_of(day: date) -> float:
    """How much of a day the facts cover."""
    return 0.25 if day == END.date() else 1.0
