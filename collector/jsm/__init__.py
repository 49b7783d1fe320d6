"""Alerts of Jira Service Management Operations, and of Opsgenie, whose shape and API it inherited (until 2027-04-05).

settings     what a user writes         api         paths, filters, pages        facts     an incident from its history
"""
