"""One profile over one window: every metric fetched, rolled up and turned into fact rows, nothing stored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from collector.prometheus import device_events, identity, rollup
from collector.prometheus.client import PrometheusClient, SampleBatch
from collector.prometheus.profile import IDENTITY, Kind, Metric, Profile
from collector.prometheus.raw import RawSamples, raw_samples
from collector.prometheus.settings import PrometheusSettings
from warehouse.interval import BUCKET, Interval, floor


@dataclass(frozen=True, slots=True)
class MetricRows:
    """What one metric gave in a window.

    `rows`: roll-up rows with canonical columns; `raw`: its samples, None where those of this window are not kept;
    `skipped`: samples of native histograms, which are not read.
    """

    rows: pl.DataFrame
    raw: RawSamples | None
    skipped: int


def collect_metric(
    client: PrometheusClient, settings: PrometheusSettings, profile: Profile, metric: Metric, window: Interval,
    *, keep_samples: bool,
) -> MetricRows:  # fmt: skip
    """Fetch and roll up one metric for `window`. Raises SourceError."""
    step = int(settings.scrape_interval.total_seconds()) if settings.scrape_interval else None
    batches = list(client.samples(metric.selector(settings.match), _reach(metric.kind, window, step)))
    labels, samples = _whole_series(batches)
    skipped = sum(batch.skipped for batch in batches)
    del batches
    raw = raw_samples(labels, samples, settings.name, metric.stream(profile), window) if keep_samples else None
    if samples.is_empty():
        return MetricRows(pl.DataFrame(), raw, skipped)
    table = identity.series_table(profile, metric, labels, settings.cluster, settings.replica_labels)
    if metric.scale != 1.0 and metric.kind != "histogram":
        samples = samples.with_columns(value=pl.col("value") * metric.scale)
    rows = _bucket_rows(samples, table, metric, step or rollup.scrape_interval(samples), window)
    return MetricRows(rows, raw, skipped)


def _reach(kind: Kind, window: Interval, step_s: int | None) -> Interval:
    """The samples that the window's buckets depend on; see the rules in `rollup`."""
    before, after = (reach(kind, step_s or rollup.STALENESS_S) for reach in (rollup.look_back, rollup.look_ahead))
    return Interval(window.start - timedelta(seconds=before), window.end + timedelta(seconds=after))


def _whole_series(batches: Sequence[SampleBatch]) -> tuple[list[dict[str, str]], pl.DataFrame]:
    """Labels and samples with every series in one piece: halves of a window that was too large are joined again."""
    if len(batches) == 1:
        return batches[0].labels, batches[0].samples
    labels: list[dict[str, str]] = []
    index: dict[tuple[tuple[str, str], ...], int] = {}
    frames = []
    for batch in batches:
        local = []
        for one in batch.labels:
            key = tuple(sorted(one.items()))
            if key not in index:
                index[key] = len(labels)
                labels.append(one)
            local.append(index[key])
        mapping = pl.Series("mapping", local, dtype=pl.UInt32)
        frames.append(batch.samples.with_columns(series=mapping.gather(batch.samples["series"])))
    return labels, pl.concat(frames).sort("series", "ts", maintain_order=True)


def _bucket_rows(
    samples: pl.DataFrame, table: pl.DataFrame, metric: Metric, step_s: int, window: Interval
) -> pl.DataFrame:
    if metric.kind in ("code", "tally"):
        rows = rollup.complete(_events(samples, table, metric))
    else:
        copies = _copies(samples, table) if metric.kind == "gauge" else None
        rows = rollup.roll_up(samples, metric.kind, step_s, copies)
    start, end = int(window.start.timestamp()), int(window.end.timestamp())
    rows = rows.filter(pl.col("bucket").is_between(start, end, closed="left")).join(table, on="series", how="left")
    code = ["max"] if metric.kind == "code" else []  # several rows a series and bucket
    if not table["series_key"].is_unique().all():
        rows = rollup.best_replica(rows, ["series_key", *code])
    device = ["cluster", "node", "device", "slice", *identity.OWNER]
    if _doubled(table, device):  # two exporters on one node: one of them speaks for the device
        rows = rollup.best_replica(rows, [*device, *code])
    return rows.select(
        pl.lit(metric.measure).alias("measure"), pl.lit(metric.kind).alias("kind"),
        *IDENTITY, "outcome", "labels", "le",
        pl.from_epoch("bucket", time_unit="s").cast(pl.Datetime("us")).alias("ts"), *rollup.COLUMNS,
    )  # fmt: skip


def _events(samples: pl.DataFrame, table: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    same = ["cluster", "node", "device", "slice", "exporter", "replica"]
    emitters = table.select(pl.struct(same).rank("dense")).to_series()
    return device_events.roll_up(samples, emitters, table["pod"].is_not_null(), code=metric.kind == "code")


def _copies(samples: pl.DataFrame, table: pl.DataFrame) -> pl.Series | None:
    """For each sample the number of series that report the same device at that moment, or None when no device is."""
    same = ["cluster", "node", "device", "slice", "exporter"]
    if not _doubled(table, same):
        return None
    ids = table.select("series", device_id=pl.struct(same).rank("dense"))
    counted = samples.join(ids, on="series", how="left", maintain_order="left")
    return counted.select(pl.len().over("device_id", "ts").alias("copies"))["copies"]


def _doubled(table: pl.DataFrame, columns: list[str]) -> bool:
    """Whether several series of a device profile have the same values in `columns`."""
    return table["device"].null_count() < table.height and not table.select(columns).is_unique().all()


def settled(now: datetime, settings: PrometheusSettings) -> datetime:
    """The end of the last bucket whose samples are complete at `now`."""
    return floor(now.astimezone(UTC) - settings.settle, BUCKET)
