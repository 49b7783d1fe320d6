"""Which run a pod is of: Airflow's spelling of labels, and the pairs of run_labels.yaml."""

from __future__ import annotations

import hashlib
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.economics.run_labels import airflow_label, run_labels, runs_of, spelled

FIT = re.compile(r"([0-9A-Za-z]([0-9A-Za-z_.-]*[0-9A-Za-z])?)?\Z", re.ASCII)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("train_fraud", "train_fraud"),
        # digits by md5sum
        ("manual__2026-10-31T23:30:00+00:00", "manual__2026-10-31T2330000000-8ce8d3231"),
        ("x" * 63, "x" * 63),
        ("x" * 64, "x" * 53 + "-" + hashlib.md5(b"x" * 64).hexdigest()[:9]),
        ("_edges_", "edges-" + hashlib.md5(b"_edges_").hexdigest()[:9]),
        ("a:-", "a-" + hashlib.md5(b"a:-").hexdigest()[:9]),
        ("größe", "gre-" + hashlib.md5("größe".encode()).hexdigest()[:9]),
    ],
)
def test_airflow_makes_values_fit_for_labels(value: str, label: str) -> None:
    assert airflow_label(value) == label


@given(st.text(max_size=200))
def test_what_airflow_writes_is_a_label_and_stable(value: str) -> None:
    label = airflow_label(value)
    assert len(label) <= 63
    assert FIT.match(label) or label.startswith("-")  # of a value without any letter only the digits are left
    if FIT.match(value) and len(value) <= 63:
        assert label == value
    else:
        assert label.endswith(hashlib.md5(value.encode()).hexdigest()[:9])


def named(labels: str) -> tuple[str | None, ...] | None:
    rows = runs_of(pl.Series([labels, labels, None], dtype=pl.String), run_labels()).rows()
    assert len(rows) <= 1
    return rows[0][1:] if rows else None


@pytest.mark.parametrize(
    ("labels", "run"),
    [
        ('{"dag_id":"d","run_id":"r","task_id":"t"}', ("airflow", "d", "r", False)),
        ('{"run_id":"r"}', None),  # MLflow and others have run ids as well
        ('{"pipeline_runid":"k","workflows_argoproj_io_workflow":"w"}', ("kubeflow", None, "k", True)),
        ('{"training_kubeflow_org_job_name":"bert"}', ("trainer", None, "bert", True)),
        ('{"jobset_sigs_k8s_io_jobset_name":"bert"}', ("trainer", None, "bert", True)),
        (
            '{"workflows_argoproj_io_workflow":"w","workflows_argoproj_io_workflow_template":"t"}',
            ("argo", "t", "w", False),
        ),
        ('{"workflows_argoproj_io_workflow":"w"}', ("argo", None, "w", False)),
        ('{"app":"web"}', None),
        ("{}", None),
    ],
)
def test_the_first_pair_of_labels_that_a_pod_carries_names_its_run(labels: str, run: tuple[object, ...] | None) -> None:
    assert named(labels) == run


def test_a_run_that_a_source_told_of_is_looked_up_in_the_spelling_of_its_system() -> None:
    assert spelled("airflow", "train/x", "a b", run_labels()) == [
        ("airflow", airflow_label("train/x"), airflow_label("a b"))
    ]
    assert spelled("argo", "t", "w", run_labels()) == [("argo", "t", "w"), ("argo", None, "w")]
    assert spelled("unheard-of", "t", "w", run_labels()) == []
