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


def test_showback_is_exact_and_names_the_largest_part_without_a_use() -> None:
    none = Decimal(0)
    said = plain(
        words.showback("", Decimal("182034.12"), Decimal("22572.23"), Decimal("9"), none, "EUR", "in May 2026")
    )
    assert said == (  # 22572.23 / 182034.12 = 0.12400
        "The platform cost 182,034.12 EUR in May 2026; 12.4 % of it bought capacity that nobody requested"
    )
    said = plain(words.showback("search", Decimal("100"), none, Decimal(7), none, "EUR", "in May 2026"))
    assert said == "search cost 100.00 EUR in May 2026; 7.0 % of it was held and not used"
    said = plain(words.showback("", Decimal("100"), none, none, Decimal(1), "EUR", "in May 2026"))
    assert said.endswith("1.0 % of it has no owner")
    assert plain(words.showback("x", Decimal("1"), none, none, none, "EUR", "in May 2026")) == (
        "x cost 1.00 EUR in May 2026"
    )
    assert words.showback("", none, none, none, none, "EUR", "in May 2026") == "Nothing was charged in May 2026"
    assert words.showback("x", none, none, none, none, "EUR", "in May 2026") == "Nothing was charged to x in May 2026"


def test_unit_cost_names_the_dearest_and_those_that_served_nothing() -> None:
    assert words.unit_cost("0.52 EUR", "chat", ["mod"], "in May 2026") == (
        "A thousand inferences cost 0.52 EUR in May 2026; chat costs most; "
        "mod costs money and served nothing that can be counted"
    )
    assert words.unit_cost("", None, ["a", "b"], "in May 2026") == (
        "No inference was counted in May 2026; a and b cost money and served nothing that can be counted"
    )


def test_reconciliation_says_which_way_the_bill_differs() -> None:
    said = plain(words.reconciliation(Decimal("30"), Decimal("1000"), 1, "EUR", "in May 2026"))
    assert said == (
        "The provider billed 30.00 EUR more than was metered in May 2026, 3.00 % of what was metered; "
        "1 line of the bill or the meter has no counterpart"
    )
    said = plain(words.reconciliation(Decimal("-30"), Decimal("1000"), 0, "EUR", "in May 2026"))
    assert said == "The provider billed 30.00 EUR less than was metered in May 2026, 3.00 % of what was metered"
    assert words.reconciliation(Decimal(0), Decimal(9), 0, "EUR", "in May 2026") == (
        "The bill is what was metered in May 2026"
    )
    said = words.reconciliation(Decimal(0), Decimal(0), 2, "EUR", "in May 2026")
    assert (
        said == "What was billed is what was metered in May 2026; 2 lines of the bill or the meter have no counterpart"
    )


@pytest.mark.parametrize(
    ("over", "coming", "number", "said"),
    [
        (["a"], ["b"], 6, "a is over budget and b will be at this pace, May 2026"),
        (["a", "c"], [], 6, "a and c are over budget, May 2026"),
        ([], ["b"], 6, "b will be over budget at this pace, May 2026"),
        ([], [], 6, "All 6 budgets hold in May 2026"),
        ([], [], 1, "The budget holds in May 2026"),
        ([], [], 0, "No budget is set in May 2026"),
    ],
)
def test_budgets(over: list[str], coming: list[str], number: int, said: str) -> None:
    assert words.budgets(over, coming, number, "in May 2026") == said


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
