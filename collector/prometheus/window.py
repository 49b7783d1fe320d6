"""One profile over one window: every metric fetched, rolled up and turned into fact rows, nothing stored yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from collector.prometheus import identity, rollup
from collector.prometheus.client import PrometheusClient, SampleBatch
from collector.prometheus.profile import IDENTITY, Kind, Metric, Profile
from collector.prometheus.settings import PrometheusSettings
from warehouse.interval import BUCKET, Interval, floor


@dataclass(frozen=True, slots=True)
class MetricRows:
    """What one metric gave in a window: roll-up rows with canonical columns, and raw samples with their series.

    `kept` tells whether raw samples of this window are kept at all; None then means that there were none. `skipped`
    counts samples of native histograms, which are not read.
    """

    rows: pl.DataFrame
    kept: bool
    samples: pl.DataFrame | None
    series: pl.DataFrame | None
    skipped: int


def collect_metric(
    client: PrometheusClient, settings: PrometheusSettings, profile: Profile, metric: Metric, window: Interval,
    *, keep_samples: bool,
) -> MetricRows:  # fmt: skip
    """Fetch and roll up one metric for `window`. Raises SourceError."""
    step = int(settings.scrape_interval.total_seconds()) if settings.scrape_interval else None
    reach = _reach(metric.kind, window, step)
    rolled, raw, series = [], [], []
    batches = list(client.samples(metric.selector(settings.match), reach))
    for labels, samples in _whole_series(batches):
        if samples.is_empty():
            continue
        table = identity.series_table(profile, metric, labels, settings.cluster, settings.replica_labels)
        scaled = samples if metric.scale == 1.0 or metric.kind == "histogram" else _scaled(samples, metric.scale)
        step_s = step or rollup.scrape_interval(samples)
        rolled.append(_bucket_rows(scaled, table, metric, step_s, window))
        if keep_samples:
            stream = f"{profile.id}/{metric.metric}"
            raw.append(raw_samples(samples, labels, settings.name, stream, window))
            series.append(series_rows(labels, settings.name, stream))
    return MetricRows(
        pl.concat(rolled) if rolled else pl.DataFrame(),
        keep_samples,
        pl.concat(raw) if raw else None,
        pl.concat(series).unique("series") if series else None,
        sum(batch.skipped for batch in batches),
    )


def _reach(kind: Kind, window: Interval, step_s: int | None) -> Interval:
    """The samples that the window's buckets depend on; see the rules in `rollup`."""
    before = timedelta(seconds=rollup.look_back(kind, step_s or rollup.STALENESS_S))
    # a state's sample speaks for the seconds before it, so the first samples after the window belong to it too
    after = timedelta(seconds=rollup.max_gap(step_s or rollup.STALENESS_S)) if kind == "state" else timedelta(0)
    return Interval(window.start - before, window.end + after)


def _whole_series(batches: Sequence[SampleBatch]) -> Iterator[tuple[list[dict[str, str]], pl.DataFrame]]:
    """Labels and samples with every series in one piece: halves of a window that was too large are joined again."""
    if len(batches) <= 1:
        yield from ((batch.labels, batch.samples) for batch in batches)
        return
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
    yield labels, pl.concat(frames).sort("series", "ts", maintain_order=True)


def _scaled(samples: pl.DataFrame, scale: float) -> pl.DataFrame:
    return samples.with_columns(value=pl.col("value") * scale)


def _bucket_rows(
    samples: pl.DataFrame, table: pl.DataFrame, metric: Metric, step_s: int, window: Interval
) -> pl.DataFrame:
    copies = _copies(samples, table) if metric.kind == "gauge" else None
    rows = rollup.roll_up(samples, metric.kind, step_s, copies)
    start, end = int(window.start.timestamp()), int(window.end.timestamp())
    rows = rows.filter(pl.col("bucket").is_between(start, end, closed="left")).join(table, on="series", how="left")
    if not table["series_key"].is_unique().all():
        rows = rollup.best_replica(rows, ["series_key"])
    device = ["cluster", "node", "device", "slice", *identity.OWNER]
    if _doubled(table, device):  # two exporters on one node: one of them speaks for the device
        rows = rollup.best_replica(rows, device)
    return rows.select(
        pl.lit(metric.measure).alias("measure"), pl.lit(metric.kind).alias("kind"), *IDENTITY, "outcome", "le",
        pl.from_epoch("bucket", time_unit="s").cast(pl.Datetime("us")).alias("ts"), *rollup.COLUMNS,
    )  # fmt: skip


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


def raw_samples(
    samples: pl.DataFrame, labels: list[dict[str, str]], source: str, stream: str, window: Interval
) -> pl.DataFrame:
    """Rows of the table `sample` within the window: series (its id), ts, value."""
    ids = pl.Series("ids", [series_id(source, stream, one) for one in labels], dtype=pl.UInt64)
    start, end = (round(bound.timestamp() * 1000) for bound in (window.start, window.end))
    if samples["ts"].min() < start or samples["ts"].max() >= end:  # type: ignore[operator]
        samples = samples.filter(pl.col("ts").is_between(start, end, closed="left"))
    return samples.select(
        ids.gather(samples["series"]).alias("series"),
        pl.from_epoch("ts", time_unit="ms").cast(pl.Datetime("us")),
        "value",
    )


def series_rows(labels: list[dict[str, str]], source: str, stream: str) -> pl.DataFrame:
    """Rows of the table `series`: what each id stands for."""
    rows = [(series_id(source, stream, one), identity.label_text(one)) for one in labels]
    frame = pl.DataFrame(rows, schema={"series": pl.UInt64, "labels": pl.String}, orient="row")
    return frame.select("series", pl.lit(source).alias("source"), pl.lit(stream).alias("stream"), "labels")


def series_id(source: str, stream: str, labels: dict[str, str]) -> int:
    """A stable 64-bit id of a series: the hash of where it comes from and its sorted labels."""
    text = "\x00".join((source, stream, identity.label_text(labels)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def settled(now: datetime, settings: PrometheusSettings) -> datetime:
    """The end of the last bucket whose samples are complete at `now`."""
    return floor(now.astimezone(UTC) - settings.settle, BUCKET)
