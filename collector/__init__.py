"""The outside world becomes facts: one package a kind of source, none of which knows another.

A source does its network or file work first, then stores rows, raw answers and watermark in one transaction of the
warehouse. It computes nothing that a KPI could compute.
"""
