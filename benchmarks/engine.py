"""Record and reverse: `Var` operators on scalars against micrograd and eager PyTorch scalars.

Compared: building the graph and one backward pass, ns an operation; ours keeps every contribution besides. A
random graph (add, multiply, relu; every value reaches the result) of 1,000 and 10,000 operations, and a chain
100,000 deep. Goals: 2.5 times as fast as micrograd, 8 times as fast as PyTorch's scalars.
"""

from __future__ import annotations

from benchmarks.contestants import OURS, contestants
from benchmarks.graphs import CHAIN_LEAVES, CHAIN_TURNS, Program, chain, program, random_graph
from benchmarks.timing import rounds, summary, table


def main() -> None:
    """Print a table per graph."""
    for count, repeat in ((1_000, 200), (10_000, 25)):
        plan = random_graph(count)
        print(compared(f"random graph of {count:,}", program(plan), plan.leaves, len(plan.operations), repeat))
    print(compared("chain of 99,999", chain, CHAIN_LEAVES, 3 * CHAIN_TURNS, 7))


def compared(title: str, run: Program, leaves: tuple[float, ...], operations: int, repeat: int) -> str:
    """The table for one graph."""
    seconds = rounds(contestants(run, leaves), repeat)
    headings = (title, "median ns/operation", "fastest", "time / ours")
    return table(headings, summary(seconds, operations * 1e-9, OURS)) + "\n"
