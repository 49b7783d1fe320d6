"""`python -m meterline`: the same as the `meterline` command, for places where scripts are not installed."""

from __future__ import annotations

import sys

from meterline.cli import main

sys.exit(main())
