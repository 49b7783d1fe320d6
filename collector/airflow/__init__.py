"""Airflow 3 over its public REST API (v2): runs of pipelines, and every try of their tasks.

The pattern for a source with an API: `settings` (what a user writes), `api` (its paths and filters, on
`collector.rest`), `documents` (the name of each answer in the history), `facts/*.sql` (from history to facts) and
`source` (one pass).
"""
