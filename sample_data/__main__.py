"""`python -m sample_data`: the platform in the foreground until interrupted, for a look with curl or Grafana."""

from __future__ import annotations

import argparse
import signal
from datetime import UTC, datetime

from sample_data.server import SamplePlatform


def main() -> None:
    """Serve until SIGINT (Ctrl-C) or SIGTERM and print where."""
    parser = argparse.ArgumentParser(prog="python -m sample_data", description="A simulated AI platform over HTTP.")
    parser.add_argument("--end", type=datetime.fromisoformat, help="last moment with data, ISO 8601 with offset (now)")
    parser.add_argument("--days", type=int, default=30, help="how far back the data goes (30)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--prometheus-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--airflow-port", type=int, default=0, help="0 takes a free one")
    words = parser.parse_args()
    ports = (words.prometheus_port, words.airflow_port)
    clock = None if words.end else lambda: datetime.now(UTC)
    # blocked before any thread starts, so that no thread but this one can take them
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with SamplePlatform(words.end, words.days, words.seed, clock=clock, ports=ports) as platform:
            print(f"Prometheus  {platform.prometheus_url}")
            print(f"Airflow     {platform.airflow_url}  (bearer token {platform.airflow_token})")
            print(f"PagerDuty   {platform.pagerduty_url}  (API key {platform.pagerduty_token})")
            print(f"hooks       {platform.hooks_url}", flush=True)
            signal.sigwait(ends)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
