"""Who is told about an alert: Alertmanager's own configuration file, read and decided exactly as Alertmanager does.

Pure: from a text to a `Routing` (load.py), and from labels to routes (route.py), inhibition (inhibition.py) and time
intervals (interval.py). Nothing here knows the time, sends anything or remembers anything.
"""
