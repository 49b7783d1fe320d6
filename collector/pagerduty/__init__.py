"""PagerDuty over its REST API v2: incidents and their log, which alone remembers who acknowledged what.

settings     what a user writes         api         paths, filters, pages        facts     an incident from its history
"""
