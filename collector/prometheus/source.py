"""The Prometheus source: windows of a profile, each replaced with its watermark in one transaction.

A window is stored only when every metric of its profile was answered completely, so a timeout, a refusal or a partial
answer leaves the rows that were there. Windows follow each other: the watermark never jumps over one that failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

from collector.prometheus import profile as profiles
from collector.prometheus.client import PrometheusClient
from collector.prometheus.profile import Metric, Profile
from collector.prometheus.settings import PrometheusSettings
from collector.prometheus.storing import store_window
from collector.prometheus.window import MetricRows, collect_metric, settled
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.errors import DeadlineExceeded, SourceError, Unauthorized, Unreachable
from warehouse.interval import BUCKET, Interval, floor
from warehouse.samples import forget_samples

DOWN = (Unreachable, DeadlineExceeded, Unauthorized)
"""Errors of the server as a whole: asking it for the next profile would only wait again."""


class PrometheusSource:
    """One configured server. `client` may be given for tests; it is opened from the settings otherwise."""

    def __init__(self, settings: PrometheusSettings, client: PrometheusClient | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._client = client or PrometheusClient(settings)
        self._profiles = profiles.load_all(settings.profiles)

    def check(self) -> list[str]:
        """Version of the server and, for each profile, how many series it has now and which metrics are missing."""
        build = self._client.build_information()
        lines = [f"{build.get('application', 'Prometheus')} {build.get('version', '?')} at {self._settings.url}"]
        now = datetime.now(UTC)
        for profile in [one for whole in self._profiles for one in (whole, *whole.parts)]:
            count = {
                metric.metric: self._series(metric.selector(self._settings.match), now) for metric in profile.metrics
            }
            wanted = [metric.metric for metric in profile.metrics if not metric.optional]
            missing = ", ".join(name for name in wanted if not count[name])
            line = f"{profile.id}: {sum(count.values())} series"
            lines.append(f"{line}, missing {missing}" if missing else line)
        return lines

    def _series(self, selector: str, now: datetime) -> int:
        answer = self._client.vector(f"count({selector})", now)
        return int(answer[0][1]) if answer else 0

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. A given interval is widened to whole 5-minute buckets."""
        try:
            return self._collect(warehouse, interval, now, progress)
        finally:
            self._client.close()  # no idle connections until the next pass, which opens its own

    def _collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        spans = [self._span(warehouse, profile, interval, now) for profile in self._profiles]
        windows = [
            (profile, window)
            for profile, span in zip(self._profiles, spans, strict=True)
            for window in span.split(self._settings.window)
        ]
        rows = {profile.id: 0 for profile, _ in windows}
        skipped: set[str] = set()
        failures: dict[str, SourceError] = {}
        for number, (profile, window, answers) in enumerate(self._answers(windows, failures, now)):
            progress(f"{self.name}: {profile.id} {window.start:%Y-%m-%d %H:%M}", number / len(windows))
            rows[profile.id] += store_window(warehouse, self.name, profile, window, answers, now)
            skipped |= {
                one.metric for (_, one), answer in zip(profile.readings, answers, strict=True) if answer.skipped
            }
        with warehouse.transaction() as tx:
            forget_samples(tx, self.name, now - self._settings.keep_samples)
        if failures:
            raise next(iter(failures.values()))
        progress(f"{self.name}: done", 1.0)
        whole = Interval(min(span.start for span in spans), max(span.end for span in spans))
        empty = sorted(profile for profile, stored in rows.items() if not stored)
        notes = [f"{profile}: the server has no series of this profile in {whole}" for profile in empty]
        notes += [f"{metric}: native histograms are not read, only classic buckets" for metric in sorted(skipped)]
        return Collected(self.name, whole, sum(rows.values()), tuple(notes))

    def _answers(
        self, windows: list[tuple[Profile, Interval]], failures: dict[str, SourceError], now: datetime
    ) -> Iterator[tuple[Profile, Interval, list[MetricRows]]]:
        """Every window with its answers, the next one being fetched while the caller stores this one.

        A profile whose window fails goes into `failures` and stops there, so that its watermark never jumps over a
        window. An error of the server as a whole is raised.
        """
        waiting = deque(windows)
        with ThreadPoolExecutor(max_workers=1) as ahead, ThreadPoolExecutor(max_workers=2) as metrics:

            def submit() -> tuple[Profile, Interval, Future[list[MetricRows]]] | None:
                while waiting:
                    profile, window = waiting.popleft()
                    if profile.id not in failures:
                        return profile, window, ahead.submit(self._fetch, metrics, profile, window, now)
                return None

            current = submit()  # one at a time: a server that hangs is waited for once
            while current:
                profile, window, answer = current
                try:
                    answers = answer.result()
                except DOWN:
                    raise
                except SourceError as error:
                    failures[profile.id] = error
                    current = submit()
                    continue
                current = submit()
                yield profile, window, answers

    def _fetch(self, pool: Executor, profile: Profile, window: Interval, now: datetime) -> list[MetricRows]:
        """Every metric of the profile; the server prepares one answer while another is parsed."""
        keep = window.end > now - self._settings.keep_samples
        failed = Event()

        def one(reading: tuple[Profile, Metric]) -> MetricRows | None:
            speaker, metric = reading
            if failed.is_set():  # the window is lost; what was not asked yet need not wait for a deadline too
                return None
            try:
                return collect_metric(
                    self._client, self._settings, speaker, metric, window, keep_samples=keep and metric.raw
                )
            except BaseException:
                failed.set()
                raise

        return [rows for rows in pool.map(one, profile.readings) if rows is not None]

    def _span(self, warehouse: Warehouse, profile: Profile, interval: Interval | None, now: datetime) -> Interval:
        if interval is not None:
            end = floor(interval.end + BUCKET - timedelta(microseconds=1), BUCKET)
            return Interval(floor(interval.start, BUCKET), end)
        end = settled(now, self._settings)
        known = warehouse.watermark(self.name, profile.id)
        start = known.replace(tzinfo=UTC) if known else floor(end - self._settings.backfill, BUCKET)
        return Interval(min(start, end), end)


SOURCE = PrometheusSource
