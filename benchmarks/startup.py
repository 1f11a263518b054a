"""Start-up: the whole process of explaining the README's example, from the shell's point of view.

Compared with what importing the libraries it prints with costs by itself, and with Python doing nothing. Goal: at
most 1.5 times `import numpy, click, rich.console, rich.table`. Modules are kept compiled, as on any machine that has
run the command once: what the compiler takes is not start-up.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from functools import partial

from benchmarks.timing import rounds, table

EXAMPLE = ["run", "(1 - sigmoid(w*x + b))**2", "--x", "2", "--w", "3", "--b", "1"]
IMPORTS = "import numpy, click, rich.console, rich.table"
COMMANDS = {
    "import numpy, click, rich": ["-c", IMPORTS],
    "autograd-explain run": ["-m", "autograd_explain", *EXAMPLE],
    "autograd-explain run --check": ["-m", "autograd_explain", *EXAMPLE, "--check"],
    "autograd-explain --help": ["-m", "autograd_explain", "--help"],
    "python -c pass": ["-c", "pass"],
}
ROUNDS = 15
_COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> None:
    """Print the table."""
    runs = {
        name: partial(subprocess.run, [sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=_COMPILED)
        for name, command in COMMANDS.items()
    }
    seconds = rounds(runs, ROUNDS)
    base = seconds["import numpy, click, rich"]
    rows = []
    for name, times in seconds.items():
        ratio = statistics.median(own / other for own, other in zip(times, base, strict=True))
        rows.append([name, f"{statistics.median(times) * 1e3:.0f}", f"{min(times) * 1e3:.0f}", f"{ratio:.2f} x"])
    print(table(["whole process", "median ms", "fastest", "time / imports"], rows))
    print()
