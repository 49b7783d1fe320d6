"""`meterline check`: whether a configuration works, found out by reaching what it names. Nothing is stored or sent.

finding     what the check of one part says: lines, warnings, errors, and the same for scripts
sources     every source is reached
objectives  every query of an indicator is asked once
alerting    routes, receivers and rules are read
peers       every Alertmanager that is pushed to is reached
"""
