"""Service level objectives as arithmetic: budgeting methods, error budgets, burn rates, and the windows they are seen
in.

No clock, network or database in here: counts come as frames or arrays of minutes, times as arguments. The analytics of
`analytics/slo` are the questions, this is how they are computed.
"""
