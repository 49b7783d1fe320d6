"""FOCUS 1.2: a month's cost lines as rows of the FinOps Open Cost and Usage Specification, and checks of such files.

Pure: frames and values in, text out. What FOCUS asks for is data (`columns.yaml`), how our lines are told in it is data
too (`mapping.yaml`). Nothing here decides who owes what; that is the ledger's.
"""
