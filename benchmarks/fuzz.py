"""Hostile inputs: how many ended in a result, in one error, or in something that must not be.

`INPUTS=1000000 SEED=2 python -m benchmarks fuzz`. Each kind of failure is kept as a file under `tests/fuzz/crashers`,
which the tests hold from then on. Reading is guarded: see `tests/fuzz/guard.py`.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.timing import table
from tests.fuzz.findings import ROOT, fuzz, keep
from tests.fuzz.targets import TARGETS

INPUTS = int(os.environ.get("INPUTS", "10000"))
SEED = int(os.environ.get("SEED", "1"))
KINDS = ("results", "errors", "failures")


def main() -> None:
    """Print the counts for each target, the slowest input, the memory used, and what the guard stopped."""
    found = fuzz(INPUTS, SEED, tell=_told)
    rows = [[name, *(f"{found.counts.get((name, kind), 0):,}" for kind in KINDS)] for name in TARGETS]
    total = [f"{sum(found.counts.get((name, kind), 0) for name in TARGETS):,}" for kind in KINDS]
    print(table((f"{INPUTS:,} inputs, seed {SEED}", *KINDS), [*rows, ["all", *total]]))
    print(f"{found.seconds:.0f} s of processor time, the slowest input {found.slowest:.2f} s, {found.peak} MiB at most")
    whole = "whole" if found.canary_is_whole else "NOT whole"
    print(f"stopped by the guard: {found.refused or 'nothing'}; the canary is {whole}")
    print(f"kinds of failure: {len(found.failures)}")


def _told(failure: dict[str, Any]) -> None:
    lines = failure["told"].strip().splitlines()
    print(f"{failure['target']}: {failure['kind']}: {lines[-1] if lines else ''}")
    print(f"  kept as {keep(failure).relative_to(ROOT)}", flush=True)
