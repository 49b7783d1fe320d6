"""A simulated AI platform behind the real protocols: a Prometheus HTTP API and an Airflow REST API on loopback.

It exists so that the demo and the end-to-end tests collect over the wire. It promises the same answers for the same
end, days and seed. It knows nothing of collectors, facts or KPIs: what is wrong on the platform is listed in README.md
and has to be found. It is not a load generator and not a complete Prometheus.
"""
