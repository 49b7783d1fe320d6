"""How much faster and leaner than the Prometheus library is collecting a day of GPU metrics, and is it as exact?

A real Prometheus is filled with one metric of many GPUs (pods that churn, missed scrapes, ratios of 17 digits, an hour
of NaN). Then each path runs in a process of its own, in turns, `--reps` times:

- library: `custom_query_range` + `MetricRangeDataFrame` -> a table of an on-disk DuckDB (gzip off, as for us)
- samples: Meterline's client and warehouse, raw samples into the tables `sample` and `series`
- collect: all that `meterline collect` does with the profile `dcgm`: samples, series, 5-minute facts, watermark

Clocks start after imports and a warm-up. Afterwards the stored values are compared bit for bit. It needs `prometheus`
and `promtool` on the PATH: `python bench/collector.py --reps 5`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

if not __package__:  # run as a script, whose own folder would hide the package `collector`
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.exactness import compare
from tests.servers import prometheus
from warehouse.interval import Interval

ROOT = Path(__file__).resolve().parents[1]
METRIC = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
START = datetime(2026, 10, 5, tzinfo=UTC)
STEP_S = 30
GPUS_PER_NODE = 8
WINDOW = timedelta(hours=6)
PATHS = ("library", "samples", "collect")
FIGURES = {"wall_s": "wall s", "cpu_s": "client CPU s", "growth_mb": "peak memory growth MB"}


def generate(file: Path, gpus: int, hours: int) -> int:
    """Write an OpenMetrics file with one sample a GPU every 30 s; returns the number of samples."""
    rng = random.Random(20261005)
    start = int(START.timestamp())
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write(f"# TYPE {METRIC} gauge\n")
        for gpu in range(gpus):
            node, index = divmod(gpu, GPUS_PER_NODE)
            for shift in range(0, hours, 6):
                pod = f"train-{node:03d}-{shift if node % 4 == 0 else 0:02d}"  # a fourth of the nodes changes pods
                labels = (
                    f'Hostname="node-{node:03d}",UUID="GPU-{gpu:08x}",container="trainer",device="nvidia{index}",'
                    f'exported_namespace="team-{node % 7}",exported_pod="{pod}",gpu="{index}",'
                    f'instance="10.0.0.{node}:9400",job="dcgm",modelName="NVIDIA H100 80GB HBM3"'
                )
                for tick in range(shift * 120, min(shift + 6, hours) * 120):
                    if rng.random() < 0.003:
                        continue  # a missed scrape
                    value = "NaN" if node % 16 == 1 and 5 * 120 <= tick < 6 * 120 else repr(rng.random())
                    out.write(f"{METRIC}{{{labels}}} {value} {start + STEP_S * tick}\n")
                    count += 1
        out.write("# EOF\n")
    return count


def library(url: str, folder: Path, interval: Interval) -> Callable[[], None]:
    """The path of somebody who uses the library as its documentation shows."""
    from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

    connect = PrometheusConnect(url=url, headers={"Accept-Encoding": "identity"})
    connection = duckdb.connect(str(folder / "library.duckdb"))

    def run() -> None:
        answer = connect.custom_query_range(
            METRIC, interval.start, interval.end - timedelta(seconds=STEP_S), step=str(STEP_S)
        )
        frame = MetricRangeDataFrame(answer).reset_index()
        connection.register("frame", frame)
        connection.execute("CREATE TABLE sample AS SELECT * FROM frame")
        connection.close()

    return run


def samples(url: str, folder: Path, interval: Interval) -> Callable[[], None]:
    """Meterline's own steps for raw samples only."""
    from collector.prometheus.client import PrometheusClient
    from collector.prometheus.connection import Connection
    from collector.prometheus.raw import raw_samples
    from warehouse.database import Warehouse
    from warehouse.samples import replace_samples

    client = PrometheusClient(Connection(url=url))
    warehouse = Warehouse.open(folder)

    def run() -> None:
        for batch in client.read_ahead(METRIC, interval, WINDOW):
            raw = raw_samples(batch.labels, batch.samples, "bench", METRIC, batch.interval)
            with warehouse.transaction() as tx:
                replace_samples(tx, "bench", METRIC, batch.interval, raw.series, raw.samples)
        warehouse.close()

    return run


def collect(url: str, folder: Path, interval: Interval) -> Callable[[], None]:
    """The whole of a collection pass."""
    from collector.prometheus.settings import PrometheusSettings
    from collector.prometheus.source import PrometheusSource
    from warehouse.database import Warehouse

    settings = {"name": "bench", "type": "prometheus", "url": url, "profiles": ["dcgm"], "window": WINDOW}
    source = PrometheusSource(PrometheusSettings.model_validate(settings))
    warehouse = Warehouse.open(folder)

    def run() -> None:
        source.collect(warehouse, interval, interval.end, lambda what, share: None)
        warehouse.close()

    return run


def measure(path: str, url: str, folder: Path, interval: Interval) -> dict[str, float]:
    """Run one path in this process: seconds of wall and CPU, MB of memory before and of growth at its peak."""
    run = {"library": library, "samples": samples, "collect": collect}[path](url, folder, interval)
    _warm_up()
    before = _memory("VmRSS")
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall_s": wall, "cpu_s": cpu, "before_mb": before, "growth_mb": _memory("VmHWM") - before}


def _warm_up() -> None:
    """Load what DuckDB, pandas and Polars load lazily at first use."""
    frame = pl.DataFrame({"a": [1.0], "b": ["x"]})
    pl.read_csv(b",1,2]", has_header=False, eol_char="]", quote_char=None)
    pandas = frame.to_pandas()
    with duckdb.connect() as connection:
        for name, value in (("polars_frame", frame), ("pandas_frame", pandas)):
            connection.register(name, value)
            connection.execute(f"CREATE TABLE {name}_copy AS SELECT * FROM {name}")


def _memory(field: str) -> float:
    """MB of this process: VmRSS now, VmHWM at its peak. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def repeat(url: str, root: Path, gpus: int, hours: int, reps: int) -> dict[str, list[dict[str, float]]]:
    """Every path `reps` times in turns, each in a new process; the databases of the last round stay in `root`."""
    runs: dict[str, list[dict[str, float]]] = {path: [] for path in PATHS}
    for rep in range(reps):
        for path in PATHS if rep % 2 == 0 else reversed(PATHS):
            folder = root / f"{path}-{rep}"
            folder.mkdir()
            arguments = ["--path", path, "--url", url, "--folder", str(folder), "--hours", str(hours)]
            done = subprocess.run(
                [sys.executable, "-m", "bench.collector", *arguments],
                check=True,
                capture_output=True,
                text=True,
                cwd=ROOT,
            )
            runs[path].append(json.loads(done.stdout))
            print(f"  {rep + 1}/{reps} {path}: {runs[path][-1]['wall_s']:.2f} s", file=sys.stderr)
    return runs


def summarize(runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of every path, and how many times the library's figure is ours."""
    medians = {
        path: {figure: statistics.median(run[figure] for run in found) for figure in (*FIGURES, "before_mb")}
        for path, found in runs.items()
    }
    ratios = {
        path: {figure: medians["library"][figure] / medians[path][figure] for figure in FIGURES}
        for path in PATHS
        if path != "library"
    }
    fastest = {path: min(run["wall_s"] for run in found) for path, found in runs.items()}
    return {"median": medians, "fastest_wall_s": fastest, "times_better_than_library": ratios}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--gpus", type=int, default=512)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--json", action="store_true", help="print one line of JSON and no table")
    for inner in ("--path", "--url", "--folder"):
        parser.add_argument(inner, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    interval = Interval(START, START + timedelta(hours=chosen.hours))
    if chosen.path:
        print(json.dumps(measure(chosen.path, chosen.url, Path(chosen.folder), interval)))
        return 0
    if not prometheus.installed():
        print("prometheus and promtool are not on the PATH: install Debian's prometheus package", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        file = root / "samples.openmetrics"
        count = generate(file, chosen.gpus, chosen.hours)
        prometheus.load(file, root / "tsdb")
        file.unlink()
        print(f"{count:,} samples of {chosen.gpus} GPUs in {chosen.hours} h", file=sys.stderr)
        with prometheus.serve(root / "tsdb") as url:
            runs = repeat(url, root, chosen.gpus, chosen.hours, chosen.reps)
        last = chosen.reps - 1
        folders = {path: root / f"{path}-{last}" for path in PATHS}
        exact = {path: compare(folders["library"] / "library.duckdb", folders[path], count) for path in PATHS[1:]}
    report = {"samples": count, "reps": chosen.reps, **summarize(runs), "exact": exact}
    print(json.dumps(report)) if chosen.json else print_table(report)
    return 0 if all(one["equal"] for one in exact.values()) else 1


def print_table(report: dict[str, Any]) -> None:
    """The report for people."""
    print(f"{'':10}" + "".join(f"{name:>24}" for name in FIGURES.values()) + f"{'fastest wall s':>18}")
    for path in PATHS:
        cells = ""
        for figure in FIGURES:
            ratio = report["times_better_than_library"].get(path, {}).get(figure)
            value = f"{report['median'][path][figure]:.2f}"
            cells += f"{value + (f' ({ratio:.1f}x)' if ratio else ''):>24}"
        print(f"{path:10}{cells}{report['fastest_wall_s'][path]:>18.2f}")
    for path, exact in report["exact"].items():
        print(f"{path}: {exact}")


if __name__ == "__main__":
    sys.exit(main())
