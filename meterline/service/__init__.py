"""`meterline run`: one process that owns the data directory and keeps results fresh.

Its parts, which `run` starts, watches and stops:

    scheduler     sources and analytics, each at its own pace
    listening     the HTTP API's server thread
    dashboards    Streamlit as a child process
"""
