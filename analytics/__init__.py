"""Facts become results: one file a question, SQL wherever SQL says it best.

Every analytic is one file in a topic's folder: a SELECT (or, where SQL is the wrong tool, a Python function) under a
YAML head that says question, formula, unit, direction, target and what missing data does. `catalog` loads and orders
them, `runner` recomputes what changed and publishes one version. An analytic reads facts, inventory and other analytics
by table name and knows nothing of how they were collected.
"""
