"""The parts that every page is made of: title that says the finding, figure with target and trend, chart, rows behind.

A component takes values and draws them; it reads no table and decides nothing. Text that comes from data is escaped
before it becomes HTML (`markup.text`).
"""
