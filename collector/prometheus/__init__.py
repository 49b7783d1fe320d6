"""Prometheus and what speaks its API (VictoriaMetrics, Thanos, Mimir): raw samples in, GPU and serving facts out.

profile (YAML)  ->  client: raw samples of one metric  ->  identity + rollup: canonical 5-minute rows
                                                        ->  facts/*.sql: rows of the fact tables, one transaction
"""
