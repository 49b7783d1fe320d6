"""The platform's changes to Meterline's rules, as its people would write them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sample_data.platform import Platform

TEMPLATE = """\
# A rule with the name of one of Meterline's changes only what it says.
- name: slo_burn
  runbook_url: "{{runbook_url}}"     # of each objective its own
  reviewed_on: {reviewed}

- name: gpu_xid
  runbook_url: {runbooks}/gpu
  reviewed_on: {reviewed}

- name: gpu_memory_error
  runbook_url: {runbooks}/gpu
  reviewed_on: {reviewed}

- name: gpu_idle_workload
  threshold: 168                   # a GPU that did nothing for a week; what is less is seen on the page GPU efficiency
"""


def write_rules(target: Path, platform: Platform, runbooks: str) -> None:
    """Write the file. `runbooks` is the address below which runbooks lie, without the last slash."""
    reviewed = (platform.end - timedelta(days=41)).date()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(TEMPLATE.format(runbooks=runbooks, reviewed=reviewed), encoding="utf-8")
