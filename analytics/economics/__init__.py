"""What a unit costs and how a budget stands: pure arithmetic over counts and exact costs.

No clock, network or database in here: costs come as lines or fractions, counts as frames or numbers, times as
arguments. The analytics of `analytics/unit` and `analytics/budget` are the questions, this is how they are computed.
"""
