"""Evidently: drift scores from the snapshots in a workspace folder, read without Evidently itself.

Snapshots are immutable files, so this source tails names, not times: see `collector.evidently.source`.
"""
