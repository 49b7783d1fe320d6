"""What the program says while it works: one line each on stderr, with traces when METERLINE_TRACE is set."""

from __future__ import annotations

import logging
import os

FORMAT = "%(asctime)s %(levelname)s %(message)s"
CHATTY = ("apscheduler", "httpx", "urllib3", "uvicorn")


def tracing() -> bool:
    """Whether the user asked to see traces of unexpected errors."""
    return bool(os.environ.get("METERLINE_TRACE"))


def log_to_stderr() -> None:
    """Begin to log; libraries only when they warn."""
    logging.basicConfig(level=logging.INFO, format=FORMAT, datefmt="%H:%M:%S")
    logging.getLogger("meterline").setLevel(logging.DEBUG if tracing() else logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR if name == "apscheduler" else logging.WARNING)
