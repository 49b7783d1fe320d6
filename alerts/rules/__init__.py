"""Results become alerts: rules over signals, one state machine for the present and for the past.

    model       what a rule says                     machine    one reading moves one series' state
    load        files, defaults, overrides           replay     many readings of many series, in their order
    gate        what a page must have                evaluate   the stored state, the log of alerts
    published   signals made of published results    backtest   the same machine over history

Promises: an interval evaluated at once or in pieces gives the same changes; a kill leaves the state before or after a
rule's evaluation; no data changes nothing. It computes no burn rates or costs (`analytics` does) and sends nothing.
"""
