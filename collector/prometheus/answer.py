"""The JSON of Prometheus' query API -> numbers, exactly and without holding the answer in memory.

A day of one metric of 512 GPUs is 1.5 million samples in 50 MB of JSON. Decoding that into Python objects costs
several hundred bytes a sample; here the text of whole series is stripped of its JSON punctuation a few megabytes at a
time and read as CSV by Polars, whose float parser rounds correctly: every value is bit-equal to `float(text)`, NaN and
infinities included, and every timestamp is exact in milliseconds. Only the numbers of the answer stay in memory.

That works on the layout that Prometheus, Thanos, Mimir and VictoriaMetrics write. Where an answer departs from it
(white space, native histograms, escapes inside a number), everything from there on is decoded by orjson, with the same
result.
Nothing is returned before the end of the answer was seen: a truncated answer, or one with warnings, raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import polars as pl

from collector.prometheus.envelope import open_envelope
from warehouse.errors import BadAnswer, TooLarge

SCHEMA = {"series": pl.UInt32, "ts": pl.Int64, "value": pl.Float64}

HEAD = re.compile(
    rb'\{"status":"success",(?:"isPartial":false,)?"data":\{"resultType":"matrix","result":\[(?=\{"metric":\{|\])'
)
HEAD_LIMIT = 256
"""Bytes within which the head of an answer in the expected layout ends."""

LABELS = b'{"metric":'
VALUES = b'},"values":[['
END = b'"]]}'
COMMA = ord(",")
# VALUES cannot occur inside the labels: within a string a quote mark is written \", one that opens a string follows a
# comma that follows a string, and one that closes a string is followed by a comma, a colon or a brace.

BATCH_BYTES = 2 << 20
"""Text of samples decoded at once: enough to make the call's cost vanish, little enough not to matter in memory."""

MAX_UNDECODED_BYTES = 64 << 20
"""The largest text that orjson may have to decode: it takes about 15 times as much memory."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Samples of a range selector: `labels[series]` names the series of each row of `samples`.

    `samples` has the columns series (UInt32), ts (Int64, milliseconds since the epoch) and value (Float64), each series
    together and in the order of the answer. `skipped` counts native histogram samples, which are left out.
    """

    labels: list[dict[str, str]]
    samples: pl.DataFrame
    skipped: int


class MatrixParser:
    """Reads one answer: `feed` its bytes as they come, then `finish`.

    Samples outside of `[start_ms, end_ms)` are dropped; their series keep their place in `labels`.
    """

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._inside = pl.col("ts").is_between(start_ms, end_ms, closed="left")
        self._head: bytes | None = None
        self._irregular = False
        self._buffer = bytearray()  # begins with the first pending series
        self._pending: list[tuple[dict[str, str], int, int]] = []  # labels; where in the buffer the samples are
        self._pending_bytes = 0
        self._next = 0  # where in the buffer the next series begins
        self._values = -1  # where its values begin, when that is known
        self._searched = 0  # up to where it was looked through
        self._labels: list[dict[str, str]] = []
        self._frames: list[pl.DataFrame] = []
        self._skipped = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the answer. Raises TooLarge where orjson would need too much memory for it."""
        self._buffer += chunk
        if len(self._buffer) > MAX_UNDECODED_BYTES:
            raise TooLarge("the server sent a large answer in an unusual layout", "ask for a shorter window")
        if self._head is None and not self._irregular:
            self._find_head()
        if self._head is not None:
            while not self._irregular and self._find_series():
                if self._pending_bytes >= BATCH_BYTES:
                    self._decode_pending()

    def finish(self) -> Matrix:
        """The whole answer. Raises BadAnswer (another API, or cut short), Rejected and PartialAnswer."""
        self._decode_pending()
        body = (self._head or b"") + self._buffer
        self._buffer = bytearray()
        data = open_envelope(body)
        if data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
            raise BadAnswer(
                f"the server returned a {data.get('resultType')} where a matrix was expected",
                "ask with a plain series selector",
            )
        for element in data["result"]:
            self._keep_decoded(element)
        samples = pl.concat(self._frames) if self._frames else pl.DataFrame(schema=SCHEMA)
        self._frames = []
        return Matrix(self._labels, samples, self._skipped)

    def _find_head(self) -> None:
        match = HEAD.match(self._buffer)
        if match:
            self._head = match.group()
            del self._buffer[: len(self._head)]
        elif len(self._buffer) > HEAD_LIMIT:
            self._irregular = True

    def _find_series(self) -> bool:
        """Note where the next series is; False when it is not complete yet, or not in the expected layout."""
        buffer, begin = self._buffer, self._next
        if self._values < 0:
            self._values = buffer.find(VALUES, max(begin, self._searched))
        first = self._values + len(VALUES)
        end = buffer.find(END, max(first, self._searched)) if self._values >= 0 else -1
        if end < 0 or end + len(END) == len(buffer):
            self._searched = max(begin, len(buffer) - len(VALUES))
            return False
        labels = _labels(buffer, begin, self._values)
        follows = buffer[end + len(END)]
        if labels is None or follows not in b",]":
            self._irregular = True
            return False
        self._pending.append((labels, first, end + 2))
        self._pending_bytes += end + 2 - first
        self._next = self._searched = end + len(END) + (follows == COMMA)
        self._values = -1
        return True

    def _decode_pending(self) -> None:
        """Decode the series found so far and forget their text, or leave it all to orjson."""
        texts = [self._buffer[first:end].translate(None, b'["') for _, first, end in self._pending]
        frame = self._decode([text.count(b"]") for text in texts], b"," + b",".join(texts)) if texts else None
        if frame is None and texts:
            self._irregular = True
        else:
            self._labels += [labels for labels, _, _ in self._pending]
            self._keep(frame)
            del self._buffer[: self._next]
            self._searched -= self._next
            self._next = 0
        self._pending, self._pending_bytes = [], 0

    def _decode(self, lengths: list[int], text: bytes) -> pl.DataFrame | None:
        """Samples of `text`, which has a line `,seconds,value` ended by `]` for each; None when it is not so."""
        rows = sum(lengths)
        if text.count(b",") != 2 * rows:
            return None
        try:
            table = pl.read_csv(
                text,
                has_header=False,
                eol_char="]",
                quote_char=None,
                schema={"nothing": pl.String, "ts": pl.Float64, "value": pl.Float64},
                columns=[1, 2],
            )
        except pl.exceptions.PolarsError:
            return None
        if table.height != rows or any(table[column].null_count() for column in table.columns):
            return None
        series = np.repeat(np.arange(len(self._labels), len(self._labels) + len(lengths), dtype=np.uint32), lengths)
        return table.select(series=pl.Series(series), ts=_milliseconds(pl.col("ts")), value="value")

    def _keep_decoded(self, element: Any) -> None:
        """Keep one series that orjson decoded."""
        try:
            pairs = element.get("values", [])
            frame = pl.DataFrame(
                {
                    "series": np.full(len(pairs), len(self._labels), dtype=np.uint32),
                    "ts": np.array([float(moment) for moment, _ in pairs], dtype=np.float64),
                    "value": np.array([float(value) for _, value in pairs], dtype=np.float64),
                }
            ).with_columns(_milliseconds(pl.col("ts")))
            self._labels.append(element["metric"])
            self._skipped += len(element.get("histograms", []))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadAnswer(f"the server sent a series that is none ({str(element)[:200]})") from error
        self._keep(frame)

    def _keep(self, frame: pl.DataFrame | None) -> None:
        if frame is None or frame.is_empty():
            return
        inside = frame.select(self._inside.all()).item()
        kept = frame if inside else frame.filter(self._inside)
        if not kept.is_empty():
            self._frames.append(kept)


def _labels(buffer: bytearray, begin: int, values: int) -> dict[str, str] | None:
    """The labels of the series that begins at `begin` and whose values begin at `values`, or None when it is none."""
    if not buffer.startswith(LABELS, begin):
        return None
    try:
        labels = orjson.loads(buffer[begin + len(LABELS) : values + 1])
    except ValueError:
        return None
    return labels if isinstance(labels, dict) else None


def _milliseconds(seconds: pl.Expr) -> pl.Expr:
    """Exact: the double next to a time with three decimals is off by less than 2.4e-7 s in this century."""
    return (seconds * 1000).round().cast(pl.Int64)
