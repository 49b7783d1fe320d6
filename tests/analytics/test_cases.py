"""Every analytic gives the rows that were worked out by hand in tests/analytics/cases."""

from __future__ import annotations

import pytest

from analytic_cases import Case, analytics_by_name, cases, differences, run_on_duckdb, types, with_constants
from analytics.catalog import catalog
from analytics.store import PARAMETER


@pytest.mark.parametrize("case", cases(), ids=str)
def test_rows_are_those_worked_out_by_hand(case: Case) -> None:
    kinds, rows = run_on_duckdb(case)
    wrong = list(differences(case.expected, rows, kinds))
    assert not wrong, "\n".join([case.what, *wrong])


def test_every_analytic_has_a_case() -> None:
    assert {case.analytic for case in cases()} == {one.name for one in catalog()}


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_case_names_only_what_exists(case: Case) -> None:
    analytic = analytics_by_name()[case.analytic]
    assert set(case.tables) <= analytic.reads, "a table that the analytic does not read"
    for table, rows in [*with_constants(case).items(), (case.analytic, case.expected)]:
        unknown = {column for row in rows for column in row} - set(types()[table])
        assert not unknown, f"{table} has no column {', '.join(sorted(unknown))}"
    unused = set(case.parameters) - set(PARAMETER.findall(analytic.text))
    assert not unused, f"{case.analytic} takes no parameter {', '.join(sorted(unused))}"


def test_a_case_says_what_it_holds_to_and_where_its_numbers_come_from() -> None:
    assert [str(case) for case in cases() if len(case.what) < 20 or not case.source] == []


def test_the_comparison_notices_every_kind_of_difference() -> None:
    kinds = {"name": "VARCHAR", "value": "DOUBLE", "n": "BIGINT"}
    row = {"name": "a", "value": 1.0, "n": 1}
    assert not list(differences([row], [row], kinds))
    assert not list(differences([{"name": "a", "value": "2/2", "n": 1}], [row], kinds))
    wrong = ({}, {"name": "b"}, {"value": 1.0 + 1e-9}, {"n": 2}, {"value": None}, {"more": 1})
    for change in wrong[1:]:
        assert list(differences([row], [{**row, **change}], kinds)), change
    assert list(differences([row], [], kinds))
    assert list(differences([row], [row, row], kinds))
