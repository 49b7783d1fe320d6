"""Text of a bill -> charges, and what had to be forgiven or refused on the way. No file, no clock, no database.

A row is refused when it cannot be told what was charged, when, or in which currency. Anything else that is missing or
odd is named, and the row counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import polars as pl

from collector.focus.columns import focus
from collector.focus.problems import Problems
from collector.focus.values import AMOUNT, MOMENT, amounts, moments, rounded

ABSENT = "\x00"
SEPARATOR = "\x1f"
SHOWN = 200
NOT_A_NUMBER = "is not a number; expected digits with a point and without separators, sign + or currency, as 1234.56"
TOO_LARGE = "is too large: more than 20 digits before the point"
NOT_A_TIME = "is not a time of a bill; expected ISO 8601 between 2000 and 2099, as 2026-10-05T10:00:00Z"

STORED = pl.Schema({
    "row_number": pl.Int64(), "fingerprint": pl.String(),
    **{
        column.stored: {"amount": AMOUNT, "time": MOMENT, "text": pl.String()}[column.kind]
        for column in focus().columns.values() if column.stored
    },
})  # fmt: skip
"""What `charges` returns: columns of billing_charge without source, file and duplicate."""


def charges(rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """The charges of one batch, columns of `STORED`; rows that are refused are in `problems` instead.

    `rows` are text under FOCUS' names, with row_number. `fingerprint` is equal where all columns of the file are.
    """
    fingerprints = fingerprint(rows)
    texts = _without_words(rows, problems)
    read = {"row_number": rows["row_number"], "fingerprint": fingerprints}
    wrong: list[tuple[str, str, pl.Series]] = []
    for name, column in focus().columns.items():
        if column.stored is None:
            continue
        text = texts[name] if name in texts.columns else pl.Series(name, [None] * rows.height, dtype=pl.String)
        if column.kind == "amount":
            value = _amount(name, text, problems, wrong)
        elif column.kind == "time":
            value, manners = moments(text)
            for manner, (count, first) in manners.items():
                problems.note(name, manner, count, first)
            wrong.append((name, NOT_A_TIME, text.is_not_null() & value.is_null()))
        else:
            value = text
        if column.needed == "row":
            wrong.append((name, "is empty", text.is_null()))
        read[column.stored] = value.alias(column.stored)
    frame = pl.DataFrame(read)
    frame = frame.with_columns(_currency(frame["currency"], problems, wrong))
    wrong.append(
        ("ChargePeriodEnd", "is before ChargePeriodStart", frame["charge_period_end"] < frame["charge_period_start"])
    )
    refused = _refuse(rows, wrong, problems)
    _warn(texts.filter(~refused), frame.filter(~refused), problems)
    return frame.filter(~refused).select(STORED.names()).cast(STORED)


def fingerprint(rows: pl.DataFrame) -> pl.Series:
    """A digest of every column (by name, so their order does not matter), its row number left out."""
    names = sorted(name for name in rows.columns if name != "row_number")
    heading = SEPARATOR.join(names) + "\n"
    values = pl.concat_str([pl.col(name).fill_null(ABSENT) for name in names], separator=SEPARATOR)
    digests = [
        blake2b((heading + text).encode(), digest_size=16).hexdigest() for text in rows.select(values).to_series()
    ]
    return pl.Series("fingerprint", digests, dtype=pl.String)


def _without_words(rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Empty text and words for nothing are null; words are reported, empty text is how CSV says it."""
    cleaned = {}
    for name, column in focus().columns.items():
        if column.stored is None or name not in rows.columns:
            continue
        text = rows[name]
        words = (*focus().null_words, *column.vacant)
        said = text.filter(text.is_in(words))
        for word, count in said.value_counts(sort=False, name="n").iter_rows():
            problems.note(name, f"the word {word} is read as no value", count)
        cleaned[name] = text.set(text.is_in((*words, "")), None) if rows.height else text
    return pl.DataFrame({"row_number": rows["row_number"], **cleaned})


def _amount(name: str, text: pl.Series, problems: Problems, wrong: list[tuple[str, str, pl.Series]]) -> pl.Series:
    value = amounts(text)
    unread = text.is_not_null() & value.is_null()
    number = text.str.contains(r"^-?[\d.]+([eE][+-]?\d+)?$") & text.str.contains(r"\d{21}|[eE]")
    wrong.append((name, TOO_LARGE, unread & number))
    wrong.append((name, NOT_A_NUMBER, unread & ~number))
    lost = rounded(text, value)
    if lost.any():
        problems.note(name, "more than 18 digits after the point are rounded half to even", int(lost.sum()),
                      text.filter(lost)[0])  # fmt: skip
    return value


def _currency(codes: pl.Series, problems: Problems, wrong: list[tuple[str, str, pl.Series]]) -> pl.Series:
    capitals = codes.str.to_uppercase()
    small = codes.is_not_null() & (capitals != codes)
    known = capitals.is_in(focus().currencies.split())
    for word, count in codes.filter(small & known).value_counts(sort=False, name="n").iter_rows():
        problems.note("BillingCurrency", "a code in small letters is read in capitals", count, word)
    wrong.append(("BillingCurrency", "is not a currency of ISO 4217", codes.is_not_null() & ~known))
    return capitals


def _refuse(rows: pl.DataFrame, wrong: list[tuple[str, str, pl.Series]], problems: Problems) -> pl.Series:
    """The mask of rows with at least one of the reasons; each such row goes to `problems` with all of them."""
    masks = pl.DataFrame([mask.fill_null(False).alias(str(number)) for number, (_, _, mask) in enumerate(wrong)])
    refused = masks.select(pl.any_horizontal(pl.all())).to_series()
    where = refused.arg_true()
    for row, reasons in zip(rows[where].iter_rows(named=True), masks[where].iter_rows(), strict=True):
        named = [wrong[number] for number, applies in enumerate(reasons) if applies]
        problems.refuse(row, [(name, _shown(row.get(name)), problem) for name, problem, _ in named])
    return refused


def _shown(value: str | None) -> str | None:
    return value if value is None or len(value) <= SHOWN else value[:SHOWN] + "..."


def _warn(texts: pl.DataFrame, frame: pl.DataFrame, problems: Problems) -> None:
    for column, problem, odd in _oddities(frame):
        if column in texts.columns and odd.any():
            problems.warn(texts.filter(odd), column, problem)
    zero = int((frame["charge_period_end"] == frame["charge_period_start"]).sum())
    if zero:
        problems.note("ChargePeriodEnd", "a charge without duration counts on the day it starts", zero)


def _oddities(frame: pl.DataFrame) -> Iterator[tuple[str, str, pl.Series]]:
    usage = frame["charge_category"] == "Usage"
    correction = (frame["charge_class"] == "Correction").fill_null(False)
    yield (
        "PricingQuantity",
        "is negative on usage that is no correction",
        usage & ~correction & (frame["pricing_quantity"] < 0),
    )
    yield "EffectiveCost", "is empty: this charge has a billed cost only", frame["effective_cost"].is_null()
    yield "ServiceName", "is empty", frame["service_name"].is_null()
    yield "BillingAccountId", "is empty", frame["billing_account"].is_null()
    yield "BillingPeriodStart", "is empty", frame["billing_period_start"].is_null()
    yield (
        "BillingPeriodEnd",
        "is not after BillingPeriodStart",
        (frame["billing_period_end"] <= frame["billing_period_start"]).fill_null(True),
    )
    yield "ChargeCategory", "is not a category of FOCUS", ~frame["charge_category"].is_in(focus().charge_categories)
    yield "ChargeClass", "is not a class of FOCUS", ~frame["charge_class"].is_in(focus().charge_classes)
