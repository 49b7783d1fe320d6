"""Incidents of ServiceNow over its Table API.

settings     what a user writes         api         queries and pages        facts        an incident from its history
"""
