"""The parser against json.loads and float(): any labels, any doubles, any cut of the body into chunks."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.prometheus import answer
from collector.prometheus.answer import Matrix, MatrixParser
from warehouse.errors import BadAnswer, PartialAnswer, Rejected, TooLarge

ALL = (-(10**15), 10**15)


def parse(body: str | bytes, size: int = 1 << 16, bounds: tuple[int, int] = ALL) -> Matrix:
    data = body.encode() if isinstance(body, str) else body
    parser = MatrixParser(*bounds)
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])
    return parser.finish()


def go_float(value: float) -> str:
    """A double in Prometheus' words: the shortest digits that give it back, and Go's names for what is no number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def go_time(milliseconds: int) -> str:
    """Milliseconds as Prometheus writes a time: seconds, with three decimals unless they are zero."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}.{rest:03d}" if rest else str(seconds)


def go_json(text: str) -> str:
    """A JSON string as Go writes it: <, > and & escaped, other characters as they are."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def compact(series: list[tuple[dict[str, str], list[tuple[int, float]]]], tail: str = "") -> str:
    """An answer in exactly the bytes that Prometheus would send."""
    parts = []
    for labels, samples in series:
        metric = ",".join(f"{go_json(name)}:{go_json(value)}" for name, value in labels.items())
        values = ",".join(f'[{go_time(ts)},"{go_float(value)}"]' for ts, value in samples)
        parts.append(f'{{"metric":{{{metric}}},"values":[{values}]}}')
    return f'{{"status":"success","data":{{"resultType":"matrix","result":[{",".join(parts)}]}}{tail}}}'


def bits(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else struct.pack("<d", value)


def rows(matrix: Matrix) -> list[tuple[int, int, bytes]]:
    return [(series, ts, bits(value)) for series, ts, value in matrix.samples.iter_rows()]


def expected_rows(body: str) -> list[tuple[int, int, bytes]]:
    """The same rows by json.loads, with times from their decimal text."""
    decoded: dict[str, Any] = json.loads(body, parse_float=str, parse_int=str)
    found = []
    for index, series in enumerate(decoded["data"]["result"]):
        for moment, value in series["values"]:
            seconds, _, rest = moment.partition(".")
            found.append((index, int(seconds) * 1000 + int(rest.ljust(3, "0")), bits(float(value))))
    return found


nasty = st.text(st.sampled_from('"\\{}[]:,é\u2028\n <&metricvalues0'), max_size=30)
texts = st.one_of(
    nasty,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(['},"values":[[', '"}', "]]}", '\\"},"values":[[1,"2"]]},{"metric":{', "values", "metric"]),
)
names = st.one_of(st.sampled_from(["__name__", "metric", "values", "histograms", "status"]), nasty)
samples = st.lists(st.tuples(st.integers(0, 4 * 10**12), st.floats()), min_size=1, max_size=6)
answers = st.lists(st.tuples(st.dictionaries(names, texts, max_size=4), samples), max_size=5)


@given(answers, st.integers(1, 200), st.integers(1, 60))
@settings(max_examples=400, deadline=None)
def test_equals_json_for_any_labels_doubles_and_chunks(series: list[Any], size: int, batch: int) -> None:
    body = compact(series)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "BATCH_BYTES", batch)
        matrix = parse(body, size)
    assert matrix.labels == [one["metric"] for one in json.loads(body)["data"]["result"]]
    assert rows(matrix) == expected_rows(body)
    assert matrix.skipped == 0


@given(answers, st.integers(1, 200), st.sampled_from([None, 1, "\t"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_other_layouts_give_the_same(series: list[Any], size: int, indent: int | str | None, plain: bool) -> None:
    body = compact(series)
    spaced = json.dumps(json.loads(body), indent=indent, ensure_ascii=plain)
    matrix = parse(spaced, size)
    assert matrix.labels == [labels for labels, _ in series]
    assert rows(matrix) == expected_rows(body)


@given(st.lists(st.floats(), min_size=1, max_size=200))
@settings(max_examples=200, deadline=None)
def test_every_double_survives(values: list[float]) -> None:
    matrix = parse(compact([({"a": "b"}, list(enumerate(values)))]))
    assert [bits(value) for value in matrix.samples["value"]] == [bits(value) for value in values]


@pytest.mark.parametrize(
    "text",
    ["NaN", "+Inf", "-Inf", "1e+21", "1e-07", "5e-324", "-0", "0.12345678901234568", "1.7976931348623157e+308",
     "2.2250738585072011e-308", "9007199254740993", "123456789012345678901234567890"],
)  # fmt: skip
def test_values_as_prometheus_writes_them(text: str) -> None:
    body = compact([({}, [(1500, 8.25)])]).replace("8.25", text)
    assert rows(parse(body)) == [(0, 1500, bits(float(text)))]


def test_the_compact_layout_is_not_left_to_orjson() -> None:
    parser = MatrixParser(*ALL)
    parser.feed(compact([({"a": 'x"},"values":[['}, [(1000, 0.1)]), ({}, [(2000, 0.2)])]).encode())
    assert not parser._irregular
    assert len(parser._pending) == 2


def test_native_histograms_are_counted_and_left_out() -> None:
    plain = '{"metric":{"a":"1"},"values":[[1,"2"]]}'
    both = '{"metric":{"a":"2"},"values":[[1,"3"]],"histograms":[[2,{"count":"1","sum":"2"}],[3,{"count":"1"}]]}'
    only = '{"metric":{"a":"3"},"histograms":[[2,{"count":"1","sum":"2","buckets":[[0,"1","2","3"]]}]]}'
    result = ",".join([plain, only, both, plain])
    matrix = parse(f'{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}', 7)
    assert [one["a"] for one in matrix.labels] == ["1", "3", "2", "1"]
    assert rows(matrix) == [(0, 1000, bits(2.0)), (2, 1000, bits(3.0)), (3, 1000, bits(2.0))]
    assert matrix.skipped == 3


def test_an_escape_inside_a_number_after_good_series() -> None:
    odd = compact([({"a": "1"}, [(1000, 1.5)]), ({"a": "2"}, [(1000, 2.5)])]).replace('"2.5"', '"2\\u002e5"')
    assert rows(parse(odd)) == [(0, 1000, bits(1.5)), (1, 1000, bits(2.5))]


def test_samples_outside_of_the_bounds_are_dropped() -> None:
    body = compact([({"a": "1"}, [(999, 1.0), (1000, 2.0), (1999, 3.0), (2000, 4.0)]), ({"a": "2"}, [(2000, 5.0)])])
    matrix = parse(body, bounds=(1000, 2000))
    assert rows(matrix) == [(0, 1000, bits(2.0)), (0, 1999, bits(3.0))]
    assert len(matrix.labels) == 2


def test_an_empty_result_has_the_columns() -> None:
    matrix = parse(compact([]))
    assert matrix.labels == []
    assert dict(matrix.samples.schema) == answer.SCHEMA


def test_series_without_samples_keep_their_place() -> None:
    body = compact([({"a": "1"}, []), ({"a": "2"}, [(1000, 1.0)])])
    assert rows(parse(body)) == [(1, 1000, bits(1.0))]


@pytest.mark.parametrize("tail", [',"stats":{"seriesFetched":"1"}', ',"infos":["PromQL info: might not be a counter"]'])
def test_remarks_are_not_failures(tail: str) -> None:
    assert parse(compact([({}, [(1000, 1.0)])], tail)).samples.height == 1


def test_victoriametrics_cluster_says_that_it_is_whole() -> None:
    body = compact([({}, [(1000, 1.0)])]).replace('"success",', '"success","isPartial":false,')
    assert parse(body).samples.height == 1
    with pytest.raises(PartialAnswer):
        parse(body.replace("false", "true"))


def test_warnings_make_a_partial_answer() -> None:
    with pytest.raises(PartialAnswer, match="store-2 is down"):
        parse(compact([({}, [(1000, 1.0)])], ',"warnings":["store-2 is down"]'))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_truncated_answer_never_passes(data: st.DataObject) -> None:
    body = compact([({"a": "b"}, [(1000, 1.0), (2000, 2.0)]), ({"a": "c"}, [(1000, 1.0)])])
    length = data.draw(st.integers(1, len(body) - 1))
    with pytest.raises(BadAnswer) as caught:
        parse(body[:length], data.draw(st.integers(1, 50)))
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        ("<!DOCTYPE html><title>Log in</title>", BadAnswer, "web page"),
        ("", BadAnswer, "empty body"),
        ("[1,2]", BadAnswer, "not Prometheus"),
        ('{"hello":"world"}', BadAnswer, "not Prometheus"),
        ('{"status":"error","errorType":"bad_data","error":"parse error"}', Rejected, "bad_data: parse error"),
        ('{"status":"success","data":{"resultType":"vector","result":[]}}', BadAnswer, "vector"),
        ('{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"x"]]}]}}', BadAnswer, "series"),
        ('{"status":"success"}', BadAnswer, "no data"),
    ],
)
def test_what_is_no_answer(body: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        parse(body)


def test_a_large_unusual_answer_asks_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_UNDECODED_BYTES", 100)
    with pytest.raises(TooLarge):
        parse(compact([({"a": "b" * 200}, [(1000, 1.0)])]), 50)
