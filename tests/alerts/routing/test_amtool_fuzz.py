"""2,000 random (tree, labels) pairs: the receivers are those that the real amtool names, in its order."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.routing.load import load_routing
from alerts.routing.route import Route, match
from alerts.routing.trace import trace
from servers import amtool
from warehouse.errors import ConfigurationError

PAIRS = 2_000
LABELS_PER_TREE = 5
SEED = 20261124

NAMES = ("team", "service", "severity", "cluster", "_x9", "ns:job", "tier")
WORDS = (
    "a", "b", "ab", "api", "web-1", "page", "critical", "größe", "推論", "🔥", "e\u0301", "é", "x.y", "a=b", "a,b",
    'say "hi"', "c:\\dir", "two\nlines", " padded ", "tab\t", "{b}", "A", "42", "nul-l", "true", "\u00a0", "a\n", "ß",
)  # fmt: skip
PATTERNS = (
    "a|b", "a.*", ".*", ".+", "", "(a|b)+", "^a$", "^a|b$", "(?i)API", "[a-c]+", "[[:digit:]]+", "\\d+", "\\p{Greek}*",
    "\\p{L}+", "x\\.y", ".", "..", "(?s).*", "a.b", "web-[0-9]{1,2}", "(page|critical)?", "[^a]*", "\\w+", "\\S+.*",
    "gr.*e", "推.*", "(?:a|ab)(?:c|bcd)?", "\\Qx.y\\E", "\\x61", "[\\p{Han}]+", "a{2,}", "(?P<n>a)b?", "(?U)a+",
    "\\bapi\\b",
)  # fmt: skip
WRONG_PATTERNS = ("(?!a)b", "(a", "a**", "[z-a]", "a{1001}", "\\1", "\\C", "(?<n", "*", "\\pX", "a\\")


def a_tree(draw: random.Random) -> dict[str, Any]:
    count = iter(range(10_000))

    def node(depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {"receiver": f"r{next(count)}"} if draw.random() < 0.85 else {}
        if draw.random() < 0.4:
            made["continue"] = True
        made |= some_matchers(draw)
        if depth < 4:
            children = [node(depth + 1) for _ in range(draw.choice((0, 0, 1, 2, 3)))]
            if children:
                made["routes"] = children
        return made

    root = {"receiver": "root", "routes": [node(1) for _ in range(draw.randint(1, 5))]}
    names = ["root", *(f"r{number}" for number in range(next(count)))]
    return {"route": root, "receivers": [{"name": name} for name in names]}


def some_matchers(draw: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if draw.random() < 0.9:
        made["matchers"] = [a_matcher_text(draw) for _ in range(draw.choice((1, 1, 1, 2, 0)))]
    if draw.random() < 0.15:
        made["match"] = {a_plain_name(draw): draw.choice(WORDS)}
    if draw.random() < 0.15:
        made["match_re"] = {a_plain_name(draw): a_pattern(draw)}
    return made


def a_plain_name(draw: random.Random) -> str:
    return draw.choice([name for name in NAMES if ":" not in name])


def a_pattern(draw: random.Random) -> str:
    if draw.random() < 0.002:
        return draw.choice(WRONG_PATTERNS)
    if draw.random() < 0.2:
        return "|".join(draw.choice(PATTERNS) for _ in range(2))
    return draw.choice(PATTERNS)


def a_matcher_text(draw: random.Random) -> str:
    texts = []
    for _ in range(draw.choice((1, 1, 1, 2))):
        op = draw.choice(("=", "!=", "=~", "!~"))
        value = a_pattern(draw) if "~" in op else draw.choice(("", *WORDS))
        space = draw.choice(("", "", " ", "\t "))
        texts.append(f"{space}{draw.choice(NAMES)}{space}{op}{space}{a_written_value(draw, value)}{space}")
    text = ",".join(texts) + draw.choice(("", "", "", ",", ", "))
    return draw.choice((text, text, "{" + text + "}", "{" + text))


def a_written_value(draw: random.Random, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    quoted = '"' + escaped.replace("\n", draw.choice(("\\n", "\n"))) + '"'
    if draw.random() < 0.03:
        return draw.choice((value, '"' + value + '"'))  # perhaps wrong, perhaps another value
    if any(letter in value for letter in '",\\{}') or value != value.strip():
        return quoted
    return draw.choice((quoted, quoted, value))


def some_labels(draw: random.Random) -> dict[str, str]:
    labels = {}
    for name in NAMES:
        if draw.random() < 0.7:
            word = draw.choice(WORDS)
            labels[name] = draw.choice((word, word, word + draw.choice(WORDS), draw.choice(("", "a", "b"))))
    return labels


@pytest.mark.server
@pytest.mark.skipif(not amtool.installed(), reason="needs amtool (Debian's prometheus-alertmanager)")
def test_receivers_are_those_of_amtool(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    questions: list[tuple[Path, dict[str, str]]] = []
    for number in range(PAIRS // LABELS_PER_TREE):
        text = yaml.safe_dump(a_tree(draw), allow_unicode=draw.random() < 0.5, width=10_000)
        path = tmp_path / f"{number}.yml"
        path.write_text(text, encoding="utf-8")
        questions += [(path, some_labels(draw)) for _ in range(LABELS_PER_TREE)]
    theirs = amtool.ask_all(lambda question: amtool.receivers(*question), questions)
    different = [
        (path.read_text(encoding="utf-8"), labels, answer, ours)
        for (path, labels), answer in zip(questions, theirs, strict=True)
        if (ours := our_receivers(path, labels)) != answer
    ]
    assert not different, f"{len(different)} differ, the first: {different[0]}"
    assert len(questions) == PAIRS
    answered = [answer for answer in theirs if answer is not None]
    assert len(answered) > 0.7 * PAIRS
    assert sum("," in answer for answer in answered) > 100  # the trees do make alerts go to several receivers


@lru_cache(maxsize=1)
def our_root(path: Path) -> Route | None:
    try:
        return load_routing(path, "classic").root
    except ConfigurationError:
        return None


def our_receivers(path: Path, labels: dict[str, str]) -> str | None:
    root = our_root(path)
    if root is None:
        return None
    routes = match(root, labels)
    assert [step.route.id for step in trace(root, labels) if step.taken] == [route.id for route in routes]
    return ",".join(route.receiver for route in routes)
