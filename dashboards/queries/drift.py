"""Drift monitors of models and the scores that they reported."""

from __future__ import annotations

import polars as pl

from dashboards.reading import Results


def models(results: Results, team: str | None) -> pl.DataFrame:
    """A row a production model, those that need attention first."""
    return results.rows(
        """
        SELECT model, service, team, tier, monitor, status, last_result_at, expected_every_s, "columns", drifted_columns
        FROM drift_model WHERE $team IS NULL OR team = $team
        ORDER BY CASE status WHEN 'missing' THEN 0 WHEN 'stale' THEN 1 WHEN 'insufficient_sample' THEN 2 ELSE 3 END,
                 coalesce(drifted_columns, 0) DESC, tier, model
        """,
        ("drift_model",), team=team,
    )  # fmt: skip


def series(results: Results, model: str) -> pl.DataFrame:
    """Scores of every column of one model, oldest first."""
    return results.rows(
        "SELECT column_name, method, ts, score, threshold, drifted FROM drift_series WHERE model = $model "
        "ORDER BY column_name, ts",
        ("drift_series",), model=model,
    )  # fmt: skip


def drifted_now(results: Results, team: str | None) -> pl.DataFrame:
    """Columns that drifted in the last result of their model."""
    return results.rows(
        """
        SELECT s.model, s.column_name, s.method, s.score, s.threshold, s.ts
        FROM drift_series AS s JOIN drift_model AS m ON m.model = s.model AND m.last_result_at = s.ts
        WHERE s.drifted AND ($team IS NULL OR m.team = $team) ORDER BY s.model, s.column_name
        """,
        ("drift_series", "drift_model"), team=team,
    )  # fmt: skip
