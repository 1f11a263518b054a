"""What a refusal looks like: one report on standard error, exit code 2, nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

SECONDS = 10.0  # of computing, twice what is promised: machines that test are shared
Refused = Callable[..., str]


def is_one_report(text: str) -> bool:
    """Whether this is one report, with nothing in it that a terminal would obey."""
    hidden = {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    return (
        text.startswith("error: ") and 1 == text.count("error: ") and "Traceback" not in text and not hidden
    )
