"""Interleaved timing: every contestant once per round, so that a busy machine is busy for all of them."""

from __future__ import annotations

import gc
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[], object]
LARGE_STACK = 512 * 2**20


def rounds(
    contestants: Mapping[str, Run], count: int, in_a_row: int = 1, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds a run of every contestant: `count` rounds after one that is not counted.

    The order turns by one place each round, so that nobody always runs after the same neighbour. A short run is
    timed several times `in_a_row`, freeing what the one before made: a single one would mostly measure caches that
    the neighbour has filled. `clock` may be the processor's own, for contestants of one thread on a busy machine.
    """
    names = list(contestants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(count + 1):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()
            start = clock()
            for _ in range(in_a_row):
                kept = contestants[name]()
            elapsed = (clock() - start) / in_a_row
            del kept  # after the clock has stopped: freeing a long run is not what is compared
            if turn:
                seconds[name].append(elapsed)
    return seconds


def with_large_stack(run: Callable[[], None]) -> None:
    """Run where recursion over 100,000 values is possible, for the peers that recurse."""
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(LARGE_STACK)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text columns: the first to the left, the others to the right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    first = [line[0].ljust(widths[0]) for line in lines]
    others = [[cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)] for line in lines]
    return "\n".join("  ".join([name, *cells]).rstrip() for name, cells in zip(first, others, strict=True))


def summary(seconds: Mapping[str, Sequence[float]], unit: float, ours: str) -> list[list[str]]:
    """A row per contestant: median, fastest, and the median of the round-by-round ratios to `ours`.

    `unit` is what seconds are divided by, such as operations per run times a nanosecond.
    """
    rows = []
    for name, times in seconds.items():
        ratio = statistics.median(other / own for other, own in zip(times, seconds[ours], strict=True))
        rows.append([name, f"{statistics.median(times) / unit:,.0f}", f"{min(times) / unit:,.0f}", f"{ratio:.2f} x"])
    return rows
