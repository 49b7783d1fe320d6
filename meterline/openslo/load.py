"""From patterns to `Slos`, or to everything that is wrong in their files, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collector.source import SourceSettings
from meterline.config.services import Service
from meterline.openslo.library import Library, find_files, load_objects
from meterline.openslo.objectives import Objectives
from meterline.openslo.problems import Problems
from meterline.openslo.slos import Slos


def load_slos(
    patterns: Sequence[str],
    base: Path,
    services: Sequence[Service] = (),
    sources: Sequence[SourceSettings] | None = None,
) -> Slos:
    """The SLOs in the files that `patterns` (names, or globs with * ? [] and **) find, from the directory `base`.

    `services` and `sources` are the configuration's; without sources (None) the names of sources are not judged.
    Raises InvalidConfiguration with file, line, object, key, value, what was expected and the name of the broken rule.
    References are judged once every object is valid.
    """
    problems = Problems()
    loaded = [one for path in find_files(patterns, base, problems) for one in load_objects(path, problems)]
    library = Library(loaded, problems)
    problems.raise_if_any()
    objectives = Objectives(library, services, sources, problems).all()
    problems.raise_if_any()
    return Slos(tuple(patterns), library.documents, objectives, problems.warnings)
