"""The findings say what the figures amount to; the expected sentences were written by hand from the figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dashboards import words
from dashboards.words import ServiceResult

NB = "\u00a0"


def plain(sentence: str) -> str:
    return sentence.replace(NB, " ")


def test_overview_names_what_misses_and_counts_what_cannot_be_told() -> None:
    assert words.overview(["A", "B"], ["Training success"], 1, 2, "in week 47") == (
        "2 of 3 KPIs meet their target in week 47; Training success misses its target; 2 cannot be computed"
    )
    assert words.overview(["A"], ["X", "Y", "Z"], 0, 0, "in May 2026") == (
        "1 of 4 KPIs meet their target in May 2026; X, Y and 1 more miss theirs"
    )
    assert words.overview(["A", "B"], [], 0, 0, "in May 2026") == "All 2 judged KPIs meet their target in May 2026"
    assert words.overview([], ["A", "B"], 0, 0, "in May 2026") == "None of 2 KPIs meets its target in May 2026"
    assert words.overview(["A"], [], 0, 0, "in May 2026") == "A meets its target in May 2026"
    assert words.overview([], [], 0, 7, "in May 2026") == "No KPI can be computed in May 2026 yet"
    assert words.overview([], [], 2, 0, "in May 2026").startswith("2 KPIs measured in May 2026, none of them judged")


def test_gpu_names_the_larger_loss() -> None:
    # 64 GPUs for 100 h: 6400 h; 2624 h useful = 41 %, 1152 h idle = 18 %, 640 h unallocated = 10 %
    said = plain(words.gpu(64.0, 6400, 2624, 1152, 640, "in week 47"))
    assert said == "64 GPUs did 41 % useful work in week 47; 18 % of their time was held idle"
    said = plain(words.gpu(64.0, 6400, 2624, 640, 1152, "in week 47"))
    assert said.endswith("18 % of their time was allocated to nobody")
    assert words.gpu(None, 0, 0, 0, 0, "in week 47") == "No GPU capacity was seen in week 47"
    assert plain(words.gpu(None, 10, 5, 0, 0, "in week 47")) == "GPUs did 50 % useful work in week 47"


def test_gpu_of_a_team() -> None:
    said = plain(words.gpu_of_team("search", 1000.0, 650.0, 100.0, "in week 47"))
    assert said == "search held 1,000.0 h of GPU time in week 47: 65 % did useful work, 10 % was idle"
    assert words.gpu_of_team("search", 0.0, 0.0, 0.0, "in week 47") == "search held no GPUs in week 47"


def test_cost_is_exact_and_names_the_larger_part_without_a_team() -> None:
    said = plain(words.cost(Decimal("182034.12"), Decimal("22572.23"), Decimal("10"), "EUR", "in May 2026"))
    assert said == (  # 22572.23 / 182034.12 = 0.12400
        "GPU spend in May 2026 is 182,034.12 EUR; 12.4 % of it bought capacity that nobody requested"
    )
    said = plain(words.cost(Decimal("100"), Decimal(0), Decimal(7), "EUR", "in May 2026"))
    assert said == "GPU spend in May 2026 is 100.00 EUR; 7.0 % of it has no owner"
    assert words.cost(Decimal(0), Decimal(0), Decimal(0), "EUR", "in May 2026") == "Nothing was charged in May 2026"
    whole = plain(words.cost(Decimal("1"), Decimal(0), Decimal(0), "EUR", "in May 2026"))
    assert whole == "GPU spend in May 2026 is 1.00 EUR; all of it has an owner"
    team = plain(words.cost_of_team("search", Decimal("25.5"), Decimal("100"), "EUR", "in May 2026"))
    assert team == "search spent 25.50 EUR on GPUs in May 2026, 25.5 % of the platform's"


def test_serving_leads_with_the_worst_miss() -> None:
    services = [
        ServiceResult("chat", 0.999, "pass"),
        ServiceResult("ocr", 0.99, "fail"),
        ServiceResult("rank", 0.98, "fail"),
    ]
    said = plain(words.serving(services, 1e6, 0.997, [], "in week 47"))
    assert said == "rank (and 1 more) missed the availability target in week 47 with 98.00 %"
    said = plain(words.serving(services[:1], 12_300_000, 0.999, ["chat"], "in week 47"))
    assert said == "99.90 % of 12.3 M requests were answered in week 47; chat is slower than the threshold"
    assert words.serving([], 0, None, [], "in week 47") == "No requests were served in week 47"


def test_a_lack_of_availability_is_said_not_invented() -> None:
    said = plain(words.serving([ServiceResult("chat", None, "none")], 10, None, [], "in week 47"))
    assert said == "– of 10 requests were answered in week 47"


def test_pipelines() -> None:
    said = plain(words.pipelines((93, 7), (49, 1), ("train_vision", 14, 6), "in week 47"))
    assert said == (
        "93.0 % of 100 training runs and 98.0 % of 50 deployment runs succeeded in week 47; train_vision failed 6 of 20"
    )
    assert (
        plain(words.pipelines((1, 0), (0, 0), None, "in week 47")) == "100.0 % of 1 training run succeeded in week 47"
    )
    assert words.pipelines((0, 0), (0, 0), None, "in week 47") == "No pipeline run ended in week 47"


@pytest.mark.parametrize(
    ("statuses", "uncovered", "drifted", "said"),
    [
        (["covered"] * 3, [], [], "All 3 models are watched for drift; none drifted"),
        (["covered", "stale"], ["m2"], ["m1"], "1 of 2 models are watched for drift, not m2; m1 drifted"),
        ([], [], [], "No production model is known yet"),
    ],
)
def test_drift(statuses: list[str], uncovered: list[str], drifted: list[str], said: str) -> None:
    assert words.drift(statuses, uncovered, drifted) == said
