"""50,000 alerts of 200 services at once, in a process of their own so that its memory can be measured.

    PYTHONPATH=.:tests python tests/dispatch_storm.py DIRECTORY

Prints JSON: seconds to take in, seconds to tell, notifications by (receiver, priority), alerts told, largest memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from dispatch_story import Story

from warehouse.alert_log.alert import Alert
from warehouse.alert_log.intake import accept

ALERTS, SERVICES, BATCH = 50_000, 200, 500

ROUTING = """
route:
  receiver: team
  group_by: [service]
  routes:
    - {matchers: ['severity="page"'], receiver: pager, continue: true}
    - {matchers: ['severity=~"page|ticket"'], receiver: team}
inhibit_rules:
  - {source_matchers: ['severity="page"'], target_matchers: ['severity="info"'], equal: [service]}
receivers:
  - {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: pager, pagerduty_configs: [{routing_key: one}]}
"""


def storm(directory: Path) -> dict[str, object]:
    story = Story(directory, ROUTING)
    story.dispatcher.start(story.now)
    for start in range(0, ALERTS, BATCH):
        with story.log.transaction() as tx:
            accept(tx, [_alert(story, number) for number in range(start, start + BATCH)], story.now, timedelta(hours=1))
    begin = time.perf_counter()
    story.tick()
    taken = time.perf_counter()
    story.until(30)
    told = time.perf_counter()
    story.until(329)
    rows = story.log.rows("SELECT receiver, priority, json_array_length(alerts) AS alerts FROM delivery ORDER BY id")
    return {
        "taken_in": taken - begin,
        "told": told - taken,
        "order": [row["priority"] for row in rows],
        "notifications": dict(Counter(row["receiver"] for row in rows)),
        "alerts": sum(row["alerts"] for row in rows),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _alert(story: Story, number: int) -> Alert:
    service = number % SERVICES
    labels = {"alertname": "Storm", "service": f"s{service}", "pod": f"pod-{number}", "node": f"node-{number % 97}",
              "namespace": "serving", "severity": "page" if service % 10 == 0 else "ticket"}  # fmt: skip
    return Alert(
        labels, {"summary": f"pod-{number} is slow", "runbook_url": "https://runbooks.example/slow"}, story.now
    )


if __name__ == "__main__":
    print(json.dumps(storm(Path(sys.argv[1]))))
