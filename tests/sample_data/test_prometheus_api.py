"""The HTTP API: layout to the byte, closed range ends, errors in Prometheus' shape."""

from __future__ import annotations

import json
import re

import pytest
from starlette.testclient import TestClient

from sample_data.prometheus_api import prometheus_app

EXACT = re.compile(
    r'\{"status":"success","data":\{"resultType":"matrix","result":\['
    r'(\{"metric":\{("[^"]+":"[^"]*",?)+\},"values":\[(\[\d{10}(\.\d{3})?,"-?\d+(\.\d+)?"\],?)+\]\},?)+\]\}\}'
)


@pytest.fixture(scope="module")
def client(days):
    with TestClient(prometheus_app(days, lambda: days.platform.end)) as client:
        yield client


def ask(client, query, at, **more):
    answer = client.post("/api/v1/query", data={"query": query, "time": at}, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["result"]


def at(days):
    return int(days.platform.end.timestamp())


def test_the_layout_is_prometheus_own(client, days):
    text = client.get("/api/v1/query", params={"query": "DCGM_FI_DEV_POWER_USAGE[1h]", "time": at(days)}).text
    assert EXACT.fullmatch(text)
    body = json.loads(text)
    for one in body["data"]["result"]:
        assert list(one["metric"]) == sorted(one["metric"])
        assert one["metric"]["__name__"] == "DCGM_FI_DEV_POWER_USAGE"


def test_ranges_are_closed_at_both_ends(client, days):
    name = "vllm:prompt_tokens_total"
    series = days.metrics[name].series[0]
    selector = f'{name}{{pod="{series.labels["pod"]}"}}'
    first, second, third = days.printed(name).times[0][10:13].tolist()

    def times(length_ms: int, end_ms: int) -> list[int]:
        result = ask(client, f"{selector}[{length_ms}ms]", f"{end_ms / 1000:.3f}")
        return [round(sample[0] * 1000) for one in result for sample in one["values"]]

    assert times(third - first, third) == [first, second, third]
    assert times(third - first - 1, third) == [second, third]
    assert times(third - first - 1, third - 1) == [first, second]
    assert times(1, first - 1) == []


def test_values_are_those_of_the_series(client, days):
    name = "vllm:generation_tokens_total"
    for number, series in enumerate(days.metrics[name].series):
        (one,) = ask(client, f'{name}{{pod="{series.labels["pod"]}"}}[2d]', at(days))
        scraped = series.values[series.target.scraped].tolist()
        assert [int(value) for _, value in one["values"]] == scraped[: len(one["values"])]
        times = days.printed(name).times[number]
        assert len(one["values"]) == (times <= at(days) * 1000).sum()


def test_pieces_of_time_add_up_to_the_whole(client, days):
    whole = ask(client, 'kube_pod_status_phase{phase=~"Pending|Running"}[48h]', at(days))
    pieces = [ask(client, 'kube_pod_status_phase{phase=~"Pending|Running"}[21599999ms]', at(days) - hours * 3600)
              for hours in range(0, 48, 6)]  # fmt: skip
    count = sum(len(one["values"]) for piece in pieces for one in piece)
    assert count == sum(len(one["values"]) for one in whole)


def test_instant_vectors_and_counts(client, days):
    running = ask(client, "vllm:num_requests_running", at(days))
    assert {one["value"][0] for one in running} == {at(days)}
    pods = {(one["metric"]["cluster"], one["metric"]["pod"]) for one in running}
    assert len(pods) == len(running) <= 6
    (count,) = ask(client, "count(vllm:num_requests_running)", at(days))
    assert count == {"metric": {}, "value": [at(days), str(len(running))]}
    grouped = ask(client, "count by (cluster, absent) (vllm:num_requests_running)", at(days))
    assert sum(int(one["value"][1]) for one in grouped) == len(running)
    assert {tuple(one["metric"]) for one in grouped} == {("cluster",)}
    either = ask(client, "vllm:num_requests_running or vllm:num_requests_waiting", at(days))
    assert len(either) == len(running)  # both have the same labels, the left ones win
    named = ask(client, 'group by (__name__) ({__name__=~"nv_.*_success|istio_requests_total"})', at(days))
    names = sorted(one["metric"]["__name__"] for one in named)
    assert names == ["istio_requests_total", "nv_inference_request_success"]


def test_times_in_all_spellings(client, days):
    moment = days.platform.end
    answers = {
        client.get("/api/v1/query", params={"query": "count(kube_node_labels)", "time": spelled}).text
        for spelled in (str(at(days)), f"{at(days)}.000", moment.isoformat(), moment.isoformat().replace("+00:00", "Z"))
    }
    answers.add(client.get("/api/v1/query", params={"query": "count(kube_node_labels)"}).text)  # the clock's
    assert len(answers) == 1
    assert json.loads(answers.pop())["data"]["result"][0]["value"] == [at(days), "8"]


def test_what_is_not_there_is_an_empty_success(client, days):
    text = client.get("/api/v1/query", params={"query": "nothing[5m]", "time": at(days)}).text
    assert text == '{"status":"success","data":{"resultType":"matrix","result":[]}}'
    assert ask(client, "vllm:num_requests_running", at(days) - 400 * 86400) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"query": "up{"}, 'invalid parameter "query": 1:4: parse error: unexpected'),
        ({}, 'invalid parameter "query": 1:1: parse error: unexpected'),
        ({"query": "up", "time": "yesterday"}, 'invalid parameter "time": cannot parse "yesterday"'),
        ({"query": "up", "time": "nan"}, 'invalid parameter "time": cannot parse "nan"'),
    ],
)
def test_errors_have_the_shape_of_prometheus(client, words, message):
    answer = client.get("/api/v1/query", params=words)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["errorType"]) == ("error", "bad_data")
    assert body["error"].startswith(message)


def test_names_and_labels(client):
    names = client.get("/api/v1/label/__name__/values").json()["data"]
    assert names == sorted(names)
    assert "DCGM_FI_PROF_GR_ENGINE_ACTIVE" in names
    assert client.get("/api/v1/label/cluster/values").json()["data"] == ["eu-west-prod", "us-east-prod", "us-train"]
    assert {"__name__", "UUID", "exported_pod", "le"} <= set(client.get("/api/v1/labels").json()["data"])
    assert client.get("/api/v1/status/buildinfo").json()["data"]["version"].startswith("2.")
    assert client.get("/-/healthy").status_code == 200
