"""What sources that speak JSON over HTTP share: a connection, a client with a deadline, and the five ways of paging.

It knows no API. A source brings its paths, its filters and the names of its rows; see `collector.airflow` for one.
"""
