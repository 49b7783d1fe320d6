"""From a file to a `Config`, or to every problem in it, one line each.

A problem names the file, the line, the key, the value as written and what was expected. Credentials are never part of
one. Nothing is reached and no secret is read here; a file of exchange rates and OpenSLO files are.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meterline.config.document import Document
from meterline.config.model import Config
from meterline.config.problems import InvalidConfiguration, expected, in_order
from meterline.config.rates import read_rates
from meterline.config.rules import Location, findings
from meterline.config.schema import known_keys
from meterline.config.values import WRITTEN_AS_FLOAT
from warehouse.errors import ConfigurationError

CONFIDENTIAL = re.compile(r"token(?!_weights)|password|secret|header|key", re.IGNORECASE)
CREDENTIALS_IN_URL = re.compile(r"//[^/@\s]*@")

Model = TypeVar("Model", bound=BaseModel)


def load(path: Path) -> Config:
    """The configuration in `path`, its relative paths taken from the file's directory.

    Raises ConfigurationError (unreadable, not YAML) and InvalidConfiguration, both for a file of rates too, the latter
    for OpenSLO files.
    """
    document = Document(path)
    problems = [(line, f"{path}:{line}: {key}: written twice, expected once") for line, key in document.doubled]
    if problems:
        raise InvalidConfiguration(tuple(text for _, text in problems))
    if not isinstance(document.content, dict):
        raise ConfigurationError(f"{path}:1: expected keys such as data and sources", "start with `meterline init`")
    try:
        config = Config.model_validate(document.content)
    except ValidationError as error:
        problems = [_problem(document, details) for details in error.errors()]
        raise InvalidConfiguration(in_order(problems)) from None  # its own text would show credentials
    broken = [_line(document, location, wrong) for location, wrong in findings(config)]
    if broken:
        raise InvalidConfiguration(in_order(broken))
    base = path.absolute().parent
    return _with_slos(_with_rates(_anchor(config, base)), base)


def _with_rates(config: Config) -> Config:
    """`config` with the rates of the file that it names in place of its path."""
    if not isinstance(config.prices.rates, Path):
        return config
    rates = read_rates(config.prices.rates, config.report.currency)
    return config.model_copy(update={"prices": config.prices.model_copy(update={"rates": rates})})


def _with_slos(config: Config, base: Path) -> Config:
    """`config` with the objectives in the OpenSLO files that its patterns find from `base`."""
    if not config.slos.patterns:
        return config
    from meterline.openslo.load import load_slos  # many commands have none to read

    return config.model_copy(update={"slos": load_slos(config.slos.patterns, base, config.services, config.sources)})


def _problem(document: Document, details: ErrorDetails) -> tuple[int, str]:
    location = details["loc"]
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _line(document, location, _suggestion(location), show=False)
    if kind == "missing":
        return _line(document, location, "this key is required", missing=True)
    if kind == "union_tag_not_found":
        tag = str(context["discriminator"]).strip("'")
        return _line(document, (*location, tag), "this key is required", missing=True)
    if kind == "union_tag_invalid":
        tag = str(context["discriminator"]).strip("'")
        return _line(document, (*location, tag), f"expected one of {context['expected_tags']}")
    if kind == WRITTEN_AS_FLOAT:
        written = document.place(location).text
        return _line(document, location, details["msg"].replace(context["text"], written or context["text"]))
    return _line(document, location, expected(details["msg"]))


def _suggestion(location: Location) -> str:
    known = known_keys(location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"unknown key, did you mean {near[0]}?"
    return f"unknown key, expected one of {', '.join(known)}" if known else "unknown key"


def _line(
    document: Document, location: Location, wrong: str, *, show: bool = True, missing: bool = False
) -> tuple[int, str]:
    place = document.place(location, missing=missing)
    key = place.key or "the file"
    value = ""
    if show and place.text is not None:
        confidential = any(CONFIDENTIAL.search(part) for part in location if isinstance(part, str))
        value = "(not shown): " if confidential else CREDENTIALS_IN_URL.sub("//***@", f"{place.text!r}: ")
    return place.line, f"{document.path}:{place.line}: {key}: {value}{wrong}"


def _anchor(model: Model, base: Path) -> Model:
    """`model` with every relative path in it, at any depth, made absolute below `base`."""
    return model.model_copy(update={name: _anchored(getattr(model, name), base) for name in type(model).model_fields})


def _anchored(value: Any, base: Path) -> Any:
    if isinstance(value, Path):
        return base / value.expanduser()
    if isinstance(value, BaseModel):
        return _anchor(value, base)
    if isinstance(value, tuple):
        return tuple(_anchored(item, base) for item in value)
    if isinstance(value, dict):
        return {key: _anchored(item, base) for key, item in value.items()}
    return value
