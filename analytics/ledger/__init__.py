"""The ledger's arithmetic: pure functions from cost lines to cost lines and reports.

`transfer` shares idle and shared cost out as the policy says, `showback` groups lines and rounds them once. Frames in,
frames out: no clock, no database, no file. What a line is stands in warehouse/charges.py.
"""
