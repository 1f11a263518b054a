"""Laws of programs: how many generated programs each was tried on, and how many broke it.

`EXAMPLES=10000 SEED=3 python -m benchmarks laws`. Goal: none breaks any. A program that does is made small and kept in
tests/corpus/programs, where the tests try it from then on; a search ends at the first one, so a law fails once a run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.timing import table
from tests.properties import corpus
from tests.properties.laws import LAWS
from tests.properties.searching import search

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
SEED = int(os.environ.get("SEED", "1"))
NAMED = os.environ.get("LAWS", "")


class Tried(NamedTuple):
    """What came of a law: the programs it was tried on, those that broke it, the seconds, and where one is kept."""

    law: str
    examples: int
    failures: int
    seconds: float
    kept: str


def main() -> None:
    """Print a row per law, and the files of programs that broke one."""
    found = []
    for tried in laws(EXAMPLES, SEED):
        found.append(tried)
        print(f"{tried.law}: {tried.examples:,} programs, {tried.failures} failures", flush=True)
    rows = [[each.law, f"{each.examples:,}", str(each.failures), f"{each.seconds:.0f}"] for each in found]
    total = ["all", f"{sum(each.examples for each in found):,}", str(sum(each.failures for each in found)), ""]
    print(table(("law", "programs", "failures", "s of computing"), [*rows, total]))
    print(*(each.kept for each in found if each.kept), sep="\n")


def laws(examples: int, number: int) -> Iterator[Tried]:
    """Every law (or those that `LAWS=forward,moves` names) tried on that many programs, the same for a number."""
    for law in LAWS:
        if NAMED and law.name not in NAMED.split(","):
            continue
        start = time.process_time()
        found = search(law, examples, number)
        kept = "" if found.case is None else str(corpus.keep(found.case, law.name))
        yield Tried(law.name, found.tried, int(bool(kept)), time.process_time() - start, kept)
