"""Facts and results at rest: the lowest layer, and the only one that opens a database.

Facts live in one DuckDB file that one process owns (`database`, `ownership`); results are published as immutable
Parquet versions behind one pointer (`publication`), and everybody who only looks reads those. Shared value types
(intervals, exact money, errors) live here too, because every other package may import this one and this one imports
none of them.
"""
