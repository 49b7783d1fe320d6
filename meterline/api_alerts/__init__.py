"""Alerts over HTTP: Alertmanager's API v2 for senders and amtool, ours for explanations and feedback, links for people.

    compatible   /api/v2/...: alerts, silences, status, receivers
    ours         /api/v1/alerts...: list, explain, acknowledge, judge
    saying       /alerts/say: what a signed link in a message opens

What is accepted is on the disk before the answer leaves; when it cannot be written the answer is 503 and the sender
repeats. Bodies must be declared as JSON, which a foreign web page cannot do without asking first.
"""
