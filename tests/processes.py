"""Commands as processes of their own, in surroundings that are chosen; shared by tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "autograd_explain"]
EXAMPLE = ("run", "(1 - sigmoid(w*x + b))**2", "--x", "2", "--w", "3", "--b", "1")
posix = pytest.mark.skipif(os.name != "posix", reason="needs the pipes and devices of POSIX")


def environment(**changes: str) -> dict[str, str]:
    """What is set around the tests, without what changes the output, and with these changes."""
    names = ("NO_COLOR", "TERM", "COLUMNS", "PYTHONIOENCODING", "PYTHONHASHSEED", "PYTHONWARNINGS")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    return {**plain, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", **changes}


def ended(*words: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    """How a command ended that was run as a process, with these changes around it."""
    return subprocess.run([*COMMAND, *words], capture_output=True, check=False, env=environment(**changes))
