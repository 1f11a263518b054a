"""The fuzzer in a process of its own: what it found, as data; and the inputs that once failed, kept as files."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.run import CANARY, LAST

ROOT = Path(__file__).resolve().parents[2]
CRASHERS = Path(__file__).resolve().parent / "crashers"
"""One folder for each target, in it one file for each input that once failed."""
_UNTOUCHED = "nothing may read this\n"


@dataclass(frozen=True)
class Findings:
    """What so many inputs came to.

    `failures` have a target, a kind, a traceback and an input; `counts` say how many inputs of a target ended in
    results, errors or failures; `slowest` is the time of one input in seconds; `peak` is in MiB; `refused` are the
    events that the guard stopped.
    """

    failures: list[dict[str, Any]]
    counts: dict[tuple[str, str], int]
    slowest: float
    peak: int
    refused: list[str]
    seconds: float
    canary_is_whole: bool


def fuzz(
    count: int, seed: int, targets: Sequence[str] = (), tell: Callable[[dict[str, Any]], None] = lambda failure: None
) -> Findings:
    """Run so many inputs in a guarded process; each failure is told as it comes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        canary = folder / CANARY
        canary.write_text(_UNTOUCHED, encoding="ascii")
        words = [sys.executable, "-m", "tests.fuzz.run", name, str(count), str(seed), *targets]
        failures = []
        figures: dict[str, Any] = {}
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
            for line in process.stdout or ():
                told = json.loads(line)
                if "counts" in told:
                    figures = told
                else:
                    failures.append(told)
                    tell(told)
        if process.returncode:
            last = base64.b64encode((folder / LAST).read_bytes()).decode("ascii")
            kind = f"the process ended with {process.returncode}"
            failures.append({"target": "?", "kind": kind, "told": "", "input": last})
        return Findings(
            failures,
            {(target, kind): number for target, kind, number in figures.get("counts", ())},
            figures.get("slowest", [0.0])[0],
            figures.get("peak", 0),
            figures.get("refused", []),
            figures.get("seconds", 0.0),
            canary.read_text(encoding="ascii") == _UNTOUCHED,
        )


def keep(failure: dict[str, Any]) -> Path:
    """Write a failing input into the folder of its target; returns the file."""
    data = base64.b64decode(failure["input"])
    name = f"{failure['kind'].split()[0].lower()}-{hashlib.sha256(data).hexdigest()[:8]}"
    path = CRASHERS / failure["target"] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def crashers() -> list[Path]:
    """Every input that once failed."""
    return sorted(path for path in CRASHERS.glob("*/*") if path.is_file())
