"""CPU and memory of containers, labels of pods and nodes, with values worked out by hand, from real servers.

Collected is 2026-10-05, 10:00 to 12:00: 24 buckets of 300 s. kube-state-metrics runs twice, and the kubelets of n1 are
scraped twice, so everything is there twice. GiB and MiB are 2^30 and 2^20 bytes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.prometheus.settings import PrometheusSettings
from servers import prometheus, victoria
from servers.scrapes import FIRST, LAST, Scrapes, at, node, pod
from warehouse.database import Warehouse
from warehouse.interval import Interval, parse_utc

pytestmark = pytest.mark.server

WINDOW = Interval(parse_utc("2026-10-05T10:00"), parse_utc("2026-10-05T12:00"))
NOW = parse_utc("2026-10-05T12:10")
FACTS = ("gpu_allocation", "compute_allocation", "compute_capacity", "node_attribute", "pod_label")
GIB, MIB = 2**30, 2**20
HOUR_MILLI = 3_600_000  # millicore-seconds of a core for an hour

CPU, MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"


def since(clock: str, rate: float) -> Callable[[float], float]:
    return lambda moment: rate * (moment - at(clock))


def used(
    scrapes: Scrapes, name: str, container: str, cores: float, memory: float, *, first: str = FIRST, last: str = LAST,
    life: str = "a", **labels: str,
) -> None:  # fmt: skip
    """What the kubelet says of a container, whose CPU counter begins at 0 with its first sample."""
    cgroup = {"id": f"/{name}/{container}/{life}"}
    own = {"namespace": "ns", "pod": name, "container": container, **cgroup, **labels}
    for target in ({"instance": "n1:10250", "job": "kubelet"}, {"instance": "10.0.0.1:8080", "job": "cadvisor"}):
        scrapes.add(CPU, since(first, cores), first, last, **own, **target, cpu="total")
        scrapes.add(MEMORY, memory, first, last, **own, **target)


def asked(scrapes: Scrapes, instance: str) -> None:
    """What one instance of kube-state-metrics says of pods."""
    who = {"cluster": "lab", "instance": instance}
    n1 = {"node": "n1", **who}
    pod(scrapes, "web-0", requests={"app": {"cpu": 1, "memory": GIB}, "sidecar": {"cpu": 0.5}}, **n1)
    pod(scrapes, "g15-0", requests={"main": {"cpu": 2}}, **n1)
    pod(scrapes, "g15-1", requests={"main": {"cpu": 1}}, **n1)
    pod(scrapes, "g15-2", requests={}, **n1)
    pod(scrapes, "unmeasured-0", requests={"main": {"cpu": 3}}, **n1)
    pod(scrapes, "half-0", requests={"a": {"cpu": 1}, "b": {"cpu": 2}}, **n1)
    pod(scrapes, "restart-0", requests={"main": {"cpu": 1}}, **n1)
    # finished at 10:30, listed until 11:00
    pod(scrapes, "done-0", requests={"main": {"cpu": 1}}, last="10:29:40", **n1)
    pod(scrapes, "done-0", requests={"main": {"cpu": 1}}, phase="Succeeded", first="10:30:10", last="10:59:40", **n1)
    pod(scrapes, "waiting-0", requests={"main": {"cpu": 64}}, phase="Pending", node="", **who)
    pod(scrapes, "nameless-0", requests={"main": {"cpu": 1}}, **n1)
    pod(scrapes, "lying-0", requests={"main": {"memory": GIB}}, **n1)


def taken(scrapes: Scrapes) -> None:
    """What the kubelet of n1 says of containers."""
    n1 = {"node": "n1", "cluster": "lab"}
    used(scrapes, "web-0", "app", 1.5, 512 * MIB, **n1)
    used(scrapes, "web-0", "sidecar", 0.1, 64 * MIB, **n1)
    for number, cores in enumerate((0.4, 1.5, 0.5)):
        used(scrapes, f"g15-{number}", "main", cores, MIB, **n1)
    used(scrapes, "half-0", "a", 1.2, MIB, **n1)
    # restarts at 11:00: the counter begins anew, as a series of its own
    used(scrapes, "restart-0", "main", 0.5, MIB, last="10:59:40", **n1)
    used(scrapes, "restart-0", "main", 0.5, MIB, first="11:00:10", life="b", **n1)
    used(scrapes, "nameless-0", "main", 0.75, MIB, **n1, id="")  # the scrape drops the cgroup's name
    used(scrapes, "lying-0", "main", 0, -MIB, **n1)


def traps(scrapes: Scrapes) -> None:
    """Sums over the pod, the pause process, and a kubelet that tells cores apart beside the total."""
    own = {"namespace": "ns", "pod": "web-0", "node": "n1", "cluster": "lab", "instance": "n1:10250"}
    for container in ("", "POD"):
        scrapes.add(CPU, since(FIRST, 1000), **own, container=container, id=f"/web-0/{container}", cpu="total")
        scrapes.add(MEMORY, 1000 * GIB, **own, container=container, id=f"/web-0/{container}")
    scrapes.add(CPU, since(FIRST, 1.5), **own, container="app", id="/web-0/app/a", cpu="cpu00")


def labels_and_nodes(scrapes: Scrapes) -> None:
    def shown(pod: str, first: str = FIRST, last: str = LAST, **labels: str) -> None:
        named = {f"label_{name}": text for name, text in labels.items()}
        for instance in ("ksm:8080", "ksm-b:8080"):
            own = {"namespace": "ns", "pod": pod, "uid": f"uid-{pod}", "instance": instance, "cluster": "lab"}
            scrapes.add("kube_pod_labels", 1, first, last, **own, **named)

    shown("web-0", last="10:37:40", team="shop", app="web", nothing="")
    shown("web-0", first="10:38:10", team="checkout", app="web", nothing="")
    shown("late-0", first="11:20:10", app="late")
    shown("bare-0")
    region, kind = "topology_kubernetes_io_region", "node_kubernetes_io_instance_type"
    for name, more in {
        "n1": {"karpenter_sh_capacity_type": "on-demand", region: "eu-west-1", kind: "m7i.2xlarge"},
        "n2": {"eks_amazonaws_com_capacity_type": "SPOT"},
        "n3": {"cloud_google_com_gke_spot": "true", "nvidia_com_gpu_count": "8"},
        "n4": {"kubernetes_azure_com_scalesetpriority": "spot"},
        "n5": {region: "eu-west-1"},
        "n6": {},
    }.items():
        node(scrapes, name, {"cpu": 8, "memory": 32 * GIB}, dict(more), cluster="lab")


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    scrapes = Scrapes()
    for instance in ("ksm:8080", "ksm-b:8080"):
        asked(scrapes, instance)
    taken(scrapes)
    traps(scrapes)
    labels_and_nodes(scrapes)
    # a platform whose series name no cluster, with a kubelet whose node label is spelled otherwise
    pod(scrapes, "lone-0", "n9.example.com", {"main": {"cpu": 1, "nvidia_com_gpu": 1}})
    used(scrapes, "lone-0", "main", 0.25, MIB, node="n9")
    server = {"prometheus": prometheus.loaded, "victoria": victoria.loaded}[request.param]
    with server(scrapes.text, tmp_path_factory.mktemp(request.param)) as address:
        yield address


def settings(url: str, *profiles: str, **more: object) -> PrometheusSettings:
    read = profiles or ("kube-state-metrics", "cadvisor")
    return PrometheusSettings.model_validate(
        {"name": "prod", "type": "prometheus", "url": url, "profiles": read} | more
    )


def collect(warehouse: Warehouse, source: PrometheusSettings, window: Interval = WINDOW) -> None:
    source.open().collect(warehouse, window, NOW, lambda what, share: None)


@pytest.fixture(scope="module")
def collected(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path_factory.mktemp("data")) as warehouse:
        collect(warehouse, settings(url))
        yield warehouse


def hours(warehouse: Warehouse, pod: str, resource: str = "cpu") -> tuple[int, int | None, int]:
    """Requested, used and larger of a pod over the two hours."""
    (row,) = warehouse.query(
        "SELECT sum(requested)::BIGINT, sum(used)::BIGINT, sum(larger)::BIGINT FROM compute_allocation "
        "WHERE pod = $pod AND resource = $resource", {"pod": pod, "resource": resource},
    ).rows()  # fmt: skip
    return row  # type: ignore[no-any-return]


def test_larger_is_taken_container_by_container(collected: Warehouse) -> None:
    # cores: requested 1 + 0.5, used 1.5 + 0.1, larger 1.5 + 0.5
    assert hours(collected, "web-0") == (2 * 1500 * 3600, 2 * 1600 * 3600, 2 * 2000 * 3600)
    buckets = collected.query("SELECT * FROM compute_allocation WHERE pod = 'web-0' AND resource = 'cpu'")
    assert buckets.select("requested", "used", "larger").unique().rows() == [(450_000, 480_000, 600_000)]
    assert buckets["ts"].n_unique() == buckets.height == 24
    # MiB: requested 1024 of app, used 512 + 64, larger 1024 + 64
    assert hours(collected, "web-0", "memory") == (1024 * MIB * 7200, 576 * MIB * 7200, 1088 * MIB * 7200)


def test_billed_by_the_larger_as_in_golden_case_g15(collected: Warehouse) -> None:
    for pod_name, (request, usage) in {"g15-0": (2, 0.4), "g15-1": (1, 1.5), "g15-2": (0, 0.5)}.items():
        expected = tuple(round(2 * HOUR_MILLI * cores) for cores in (request, usage, max(request, usage)))
        assert hours(collected, pod_name) == expected, pod_name
    golden = Path(__file__).parents[4] / "shared" / "cases" / "finops" / "golden_cases.json"
    if golden.exists():
        case = next(one for one in json.loads(golden.read_text()) if one["id"] == "G15")
        found = [hours(collected, f"g15-{number}")[2] / 2 / HOUR_MILLI for number in range(3)]
        assert found == [float(cores) for cores in case["expected"]["gpu_hours"]]


def test_a_pod_without_requests_is_where_the_kubelet_says(collected: Warehouse) -> None:
    assert collected.query("SELECT DISTINCT node FROM compute_allocation WHERE pod = 'g15-2'").rows() == [("n1",)]


def test_what_is_not_measured_counts_as_requested(collected: Warehouse) -> None:
    assert hours(collected, "unmeasured-0") == (2 * 3 * HOUR_MILLI, None, 2 * 3 * HOUR_MILLI)
    # a: requested 1, used 1.2; b: requested 2, not measured
    assert hours(collected, "half-0") == (6 * HOUR_MILLI, round(2.4 * HOUR_MILLI), round(6.4 * HOUR_MILLI))


def test_use_goes_on_over_a_restart(collected: Warehouse) -> None:
    # between the last sample of one life (10:59:40) and the first of the next (11:00:10) nothing is known: 30 s at 0.5
    assert hours(collected, "restart-0") == (2 * HOUR_MILLI, HOUR_MILLI - 15_000, 2 * HOUR_MILLI)


def test_two_scrapes_of_a_container_count_once_even_without_the_name_of_its_cgroup(collected: Warehouse) -> None:
    assert hours(collected, "nameless-0") == (2 * HOUR_MILLI, round(1.5 * HOUR_MILLI), 2 * HOUR_MILLI)


def test_a_finished_pod_and_one_without_a_node_ask_for_nothing(collected: Warehouse) -> None:
    # the sample of 10:30:10 says Succeeded and speaks for the 30 s before it: Running until 10:29:40
    assert hours(collected, "done-0")[0] == 1000 * (1800 - 20)
    assert collected.query("SELECT count(*) FROM compute_allocation WHERE pod = 'waiting-0'").item() == 0


def test_negative_use_is_stored_as_the_source_reports_it(collected: Warehouse) -> None:
    assert hours(collected, "lying-0", "memory") == (7200 * GIB, -7200 * MIB, 7200 * GIB)


def test_nodes_have_cpu_and_memory(collected: Warehouse) -> None:
    rows = collected.query(
        "SELECT node, resource, sum(capacity)::BIGINT FROM compute_capacity GROUP BY node, resource ORDER BY ALL"
    )
    assert rows.rows()[:2] == [("n1", "cpu", 16 * HOUR_MILLI), ("n1", "memory", 32 * GIB * 7200)]
    assert rows.height == 12


def test_without_cadvisor_requests_are_there_and_use_is_not(url: str, tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        collect(warehouse, settings(url, "kube-state-metrics"))
        assert hours(warehouse, "web-0") == (2 * 1500 * 3600, None, 2 * 1500 * 3600)


def test_series_without_a_cluster_are_not_lost(collected: Warehouse) -> None:
    # and the node is called as Kubernetes calls it, not as the kubelet's scrape does
    rows = collected.query("SELECT DISTINCT cluster, node FROM compute_allocation WHERE pod = 'lone-0'").rows()
    assert rows == [(None, "n9.example.com")]
    assert hours(collected, "lone-0") == (2 * HOUR_MILLI, round(0.5 * HOUR_MILLI), 2 * HOUR_MILLI)
    assert collected.query("SELECT sum(milli_unit_seconds)::BIGINT FROM gpu_allocation").item() == 2 * HOUR_MILLI


def labels_of(warehouse: Warehouse) -> list[tuple[str, str, str]]:
    return warehouse.query("SELECT pod, strftime(ts, '%H:%M'), labels FROM pod_label ORDER BY pod, ts").rows()


SHOP, CHECKOUT = '{"app":"web","team":"shop"}', '{"app":"web","team":"checkout"}'


def test_labels_are_one_row_an_hour_and_one_at_a_change(collected: Warehouse) -> None:
    # the first sample with the new label (10:38:10) speaks from 10:37:40 on: 140 of the 300 s of that bucket, so the
    # old label has it. late-0's first sample (11:20:10) speaks from 11:19:40 on. A pod without labels has no row
    assert labels_of(collected) == [
        ("late-0", "11:15", '{"app":"late"}'),
        ("web-0", "10:00", SHOP), ("web-0", "10:40", CHECKOUT), ("web-0", "11:00", CHECKOUT),
    ]  # fmt: skip


def test_nodes_say_who_may_take_them_back(collected: Warehouse) -> None:
    rows = collected.query(
        "SELECT strftime(ts, '%H:%M') AS ts, node, capacity_type, region, instance_type, gpus "
        "FROM node_attribute ORDER BY ALL"
    ).rows()
    first = [
        ("n1", "on_demand", "eu-west-1", "m7i.2xlarge", None), ("n2", "spot", None, None, None),
        ("n3", "spot", None, None, 8), ("n4", "spot", None, None, None), ("n5", None, "eu-west-1", None, None),
    ]  # fmt: skip
    assert rows == [(hour, *row) for hour in ("10:00", "11:00") for row in first]


def facts(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    return {fact: warehouse.query(f"SELECT * FROM {fact} ORDER BY ALL").rows() for fact in FACTS}


def test_windows_of_minutes_give_the_same_facts(url: str, collected: Warehouse, tmp_path: Path) -> None:
    cuts = [0, 5, 10, 25, 35, 40, 60, 70, 120]
    with Warehouse.open(tmp_path) as warehouse:
        for start, end in itertools.pairwise(cuts):
            window = Interval(WINDOW.start + timedelta(minutes=start), WINDOW.start + timedelta(minutes=end))
            collect(warehouse, settings(url), window)
        assert facts(warehouse) == facts(collected)


def test_collecting_again_changes_nothing(url: str, collected: Warehouse) -> None:
    before = facts(collected)
    collect(collected, settings(url))
    collect(collected, settings(url), Interval(parse_utc("2026-10-05T10:20"), parse_utc("2026-10-05T11:10")))
    assert facts(collected) == before


def test_samples_of_containers_are_not_kept_beside_the_facts(collected: Warehouse) -> None:
    streams = set(collected.query("SELECT DISTINCT stream FROM series")["stream"])
    assert "kube-state-metrics/kube_pod_status_phase" in streams
    assert not [stream for stream in streams if stream.startswith("cadvisor/")]


def test_cadvisor_alone_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(ValueError, match="add kube-state-metrics to the profiles"):
        settings(url, "cadvisor")


def test_check_speaks_of_every_profile(url: str) -> None:
    lines = settings(url).open().check()
    assert [line.split(":")[0] for line in lines[1:]] == ["kube-state-metrics", "cadvisor"]
