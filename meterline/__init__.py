"""What starts things: command line, configuration, scheduler, HTTP API, demo.

The top layer: it may import every other package, and none imports it. It contains no analysis and no protocol of a
source; it decides when the packages below run, with which settings, and how their results and errors are shown.
"""
