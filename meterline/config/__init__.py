"""The configuration: what a person writes in meterline.yaml, validated before anything runs.

What is where:

    model    the keys and their types            rules    what must hold between them
    load     file -> Config, or every problem    schema   the same as JSON Schema, for editors
"""
