"""The process of the dashboards: Streamlit, with what its pages need imported before the first visitor comes.

Streamlit imports a page's libraries when somebody first opens it, which made that visitor wait for over a second. And a
service that is killed cannot stop its children, so this process ends when the one that started it is gone.
"""

from __future__ import annotations

import os
import threading
import time
from importlib import import_module

PARENT_VARIABLE = "METERLINE_PARENT"
NEEDED = ("altair", "duckdb", "polars", "pyarrow")


def end_with_parent(parent: int, every: float = 1.0) -> None:
    """End this process, at once, when process `parent` is no longer its parent. Never returns."""
    while os.getppid() == parent:
        time.sleep(every)
    os._exit(0)


def main() -> None:
    """Run Streamlit with the words of this process, as `python -m streamlit` would."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent:
        threading.Thread(target=end_with_parent, args=(int(parent),), daemon=True).start()
    from streamlit.web import cli

    for module in NEEDED:
        import_module(module)
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
