"""Record and reverse: `Var` operators on scalars against micrograd and eager PyTorch scalars.

Compared: building the graph and one backward pass, ns an operation; ours keeps every contribution besides. A
random graph (add, multiply, relu; every value reaches the result) of 1,000 and 10,000 operations, and a chain
100,000 deep. Goals: 2.5 times as fast as micrograd, 8 times as fast as PyTorch's scalars.
"""

from __future__ import annotations

from benchmarks.contestants import OURS, contestants
from benchmarks.graphs import CHAIN_LEAVES, CHAIN_TURNS, chain, program, random_graph
from benchmarks.timing import rounds, summary, table


def main() -> None:
    """Print a table per graph."""
    for count, repeat, in_a_row in ((1_000, 15, 20), (10_000, 15, 2)):
        plan = random_graph(count)
        seconds = rounds(contestants(program(plan), plan.leaves), repeat, in_a_row)
        print(compared(f"random graph of {count:,}", seconds, len(plan.operations)))
    print(compared("chain of 99,999", rounds(contestants(chain, CHAIN_LEAVES), 5), 3 * CHAIN_TURNS))


def compared(title: str, seconds: dict[str, list[float]], operations: int) -> str:
    """The table for one graph."""
    headings = (title, "median ns/operation", "fastest", "time / ours")
    return table(headings, summary(seconds, operations * 1e-9, OURS)) + "\n"
