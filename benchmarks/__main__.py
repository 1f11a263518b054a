"""`python -m benchmarks NAME…`: figures, each beside what it is held against. The name of a group is all of it."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.timing import with_large_stack

GROUPS = {
    "speed": ("engine", "startup", "program", "memory", "training"),
    "reliability": ("reference", "laws", "honesty", "killers", "resources", "fuzz", "mutation"),
}


def main(names: list[str]) -> None:
    """Run the benchmarks of these names, each a module of this package."""
    every = [name for group in GROUPS.values() for name in group]
    if not names or any(name not in GROUPS and name not in every for name in names):
        told = "\n".join(f"  {group}: {' '.join(members)}" for group, members in GROUPS.items())
        raise SystemExit(f"usage: python -m benchmarks NAME …\n{told}")
    for name in names:
        for member in GROUPS.get(name, (name,)):
            print(f"== {member}")
            import_module(f"benchmarks.{member}").main()


if __name__ == "__main__":
    with_large_stack(lambda: main(sys.argv[1:]))
