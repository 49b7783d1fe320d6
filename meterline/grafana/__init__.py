"""Dashboards for those who live in Grafana, over what their Prometheus has already: no plugin, no data source of ours.

    boards/*.yaml   what a dashboard shows: rows, panels, PromQL with words such as `<< use("dcgm").level("sm") >>`
    template        what such a file may say
    profile_words   measures of the collector's profiles as PromQL: no metric is named here or in a board
    slo_words       burn rules of the objectives, over the recordings of `meterline export prometheus-rules`
    wording         fills the words in
    panel           a panel as Grafana's JSON
    dashboard       a board as Grafana's JSON
    export          which boards a configuration gives

A panel whose metrics no configured profile has is left out, and so is a dashboard without panels. Pure: nothing is
asked of a server.
"""
