"""`python -m benchmarks NAME…`: engine, startup, program, memory, honesty, killers, training, laws."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.timing import with_large_stack

NAMES = ("engine", "startup", "program", "memory", "honesty", "killers", "training", "laws")


def main(names: list[str]) -> None:
    """Run the benchmarks of these names, all of them where none is given."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"usage: python -m benchmarks [{' | '.join(NAMES)}] …")
    for name in names or NAMES:
        print(f"== {name}")
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    with_large_stack(lambda: main(sys.argv[1:]))
