"""Write the golden texts anew: `python -m tests.golden`, then read the difference before keeping it."""

from __future__ import annotations

from tests.golden.views import PROGRAMS, WIDTHS, golden, path_of

for name in PROGRAMS:
    for width in WIDTHS:
        path_of(name, width).write_text(golden(name, width), encoding="utf-8")
