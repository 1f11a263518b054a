"""Memory: bytes an operation that a tape and its finished sweep hold, beside micrograd's graph after `backward`.

Counted by tracemalloc: what is still held after collecting garbage. Goal: at most 500 bytes an operation, every
value and every contribution included.
"""

from __future__ import annotations

import gc
import tracemalloc
from importlib.util import find_spec

from benchmarks.contestants import OURS, Contestant, Leaves, micrograd, ours
from benchmarks.graphs import CHAIN_LEAVES, CHAIN_TURNS, Program, chain, program, random_graph
from benchmarks.timing import table


def main() -> None:
    """Print the table."""
    plan = random_graph(10_000)
    graphs = {
        "random graph of 10,000": (program(plan), plan.leaves, len(plan.operations)),
        "chain of 99,999": (chain, CHAIN_LEAVES, 3 * CHAIN_TURNS),
    }
    engines: dict[str, Contestant] = {OURS: ours, **({"micrograd": micrograd} if find_spec("micrograd") else {})}
    rows = []
    for title, (run, leaves, operations) in graphs.items():
        for name, engine in engines.items():
            held, peak = bytes_held(engine, run, leaves)
            rows.append([f"{title}: {name}", f"{held / operations:,.0f}", f"{peak / operations:,.0f}"])
    print(table(["", "bytes/operation held", "at the peak"], rows))
    print()


def bytes_held(engine: Contestant, run: Program, leaves: Leaves) -> tuple[int, int]:
    """Bytes held by what the engine hands over, and the most that was held on the way."""
    engine(run, leaves)  # what is loaded or cached once is not counted
    gc.collect()
    tracemalloc.start()
    kept = engine(run, leaves)
    gc.collect()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return held, peak
