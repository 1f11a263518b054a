"""The limits themselves: seconds and peak memory of every view of a run of 10,000, 100,000 and 1,000,000 operations.

Each row and size is a process of its own; its first row is recording and walking back, without a view, and what the
others show is the view alone, but for the peak, which is the whole process's. A row whose next size would take more
than two minutes is not gone on with. Goal: no time grows faster than the run; `--all` of 100,000 steps in 3 s.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from typing import Any

SIZES = (10_000, 100_000, 1_000_000)
TURN = 4  # operations of one turn of the loop; one turn less leaves room for what is given
MOST_SECONDS = 120.0  # forecast by the size before
TEXT = "for i in range({turns}):\n  x = 0.999*x + 0.001*sin(x)\nx"
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "record and walk back": ("", {}),
    "text, --brief": ("text", {"brief": True}),
    "text": ("text", {}),
    "text, --all": ("text", {"all": True}),
    "json": ("json", {}),
    "markdown": ("markdown", {}),
    "latex": ("latex", {}),
    "html": ("html", {}),
    "graph": ("graph", {}),
    "svg": ("svg", {}),
    "dot": ("dot", {}),
    "python": ("python", {}),
}


def main() -> None:
    """Print a row for each view, as soon as it is known."""
    heads = [*(f"{size:,} operations" for size in SIZES), "times as long", "MiB written"]
    print(_row("", heads))
    for name, (form, settings) in VIEWS.items():
        told = ladder(form, settings)
        cells = [f"{each['seconds']:.2f} s {each['peak']:,.0f} MiB" for each in told]
        growth = " ".join(f"{b['seconds'] / max(a['seconds'], 0.001):.1f}" for a, b in pairwise(told))
        missing = ["-"] * (len(SIZES) - len(cells))
        print(_row(name, [*cells, *missing, growth, f"{told[-1]['written'] / 2**20:,.2f}"]), flush=True)
    print()


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<22}" + "".join(f"{cell:>22}" for cell in cells)


def ladder(form: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """What the view takes at each size, as far as it goes in the time."""
    told: list[dict[str, Any]] = []
    for size in SIZES:
        if told and told[-1]["seconds"] * size / told[-1]["size"] > MOST_SECONDS:
            break
        told.append(measured(size, form, settings))
    return told


def measured(size: int, form: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Seconds of computing of the view, or of the run itself; peak MiB of the process; characters written."""
    task = json.dumps([TEXT.format(turns=size // TURN - 1), form, settings])
    command = [sys.executable, "-c", _WATCHED]
    done = subprocess.run(command, input=task, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return {"size": size, **json.loads(done.stdout)}


_WATCHED = """
import gc, json, resource, sys, time
from autograd_explain import explain
from autograd_explain.cli.main import _SELDOM
from autograd_explain.errors import InputError
from autograd_explain.render.formats import BY_NAME
from autograd_explain.render.theme import View

class Nowhere:
    written = 0
    def write(self, text):
        self.written += len(text)
    def writelines(self, lines):
        for line in lines:
            self.written += len(line)

text, form, settings = json.load(sys.stdin)
gc.set_threshold(*_SELDOM)
out = Nowhere()
start = time.process_time()
run = explain(text, x=1.2)
if form:
    start = time.process_time()
    try:
        BY_NAME[form].write(run, View(**settings), out)
    except InputError:
        pass  # too large to be drawn, and says so
seconds = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak, "written": out.written}))
"""
