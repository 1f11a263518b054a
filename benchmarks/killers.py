"""Programs that a check could choke on: the verdict, the time and the memory of a run with its check.

Each runs in a process of its own. Goal: a verdict within 10 s and 1 GiB, whatever the program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter

from benchmarks.timing import table

LOOP = "for i in range({turns}):\n  {body}\n{result}"


def nested(form: str, depth: int) -> str:
    """`form` put into itself `depth` times, around x."""
    text = "x"
    for i in range(depth):
        text = form.format(text, i=i, j=i % 3)
    return text


KILLERS: dict[str, tuple[str, dict[str, float]]] = {
    "25 logistic steps": (LOOP.format(turns=25, body="x = r*x*(1 - x)", result="x"), {"x": 0.3, "r": 3.7}),
    "100 logistic steps": (LOOP.format(turns=100, body="x = r*x*(1 - x)", result="x"), {"x": 0.3, "r": 3.7}),
    "8 nested maximum": (nested("maximum({0}, {i}*x + {j} - y)", 8), {"x": 0.3, "y": 0.1}),
    "14 nested maximum": (nested("maximum({0}, {i}*x + {j} - y)", 14), {"x": 0.3, "y": 0.1}),
    "x**9**9": ("x**9**9", {"x": 1.0000001}),
    "x**9**9, too large": ("x**9**9", {"x": 2.0}),
    "powers of powers": (nested("({0})**64", 6).replace("x", "x/x*2", 1), {"x": 2.0}),
    "3 nested exp": (nested("exp({0})", 3), {"x": 1.2}),
    "9 nested exp": (nested("exp({0})", 9), {"x": 1.2}),
    "30 nested exp(-)": (nested("exp(-({0}))", 30), {"x": 1.2}),
    "9 nested sqrt": (nested("sqrt({0})", 9), {"x": 1.2}),
    "9 nested sqrt(+1)": (nested("sqrt({0} + 1)", 9), {"x": 1.2}),
    "60 nested sin": (nested("sin({0})", 60), {"x": 1.2}),
    "loop of 200": (LOOP.format(turns=200, body="x = x + 0.01*sin(x)", result="x"), {"x": 1.2}),
    "loop of 2,000": (LOOP.format(turns=2000, body="x = x + 0.01*sin(x)", result="x"), {"x": 1.2}),
    "loop of 100,000": (LOOP.format(turns=100_000, body="x = 0.999*x + 0.001*sin(x)", result="x"), {"x": 1.2}),
    "1,000 operations": ("+".join(f"sin({i}*x)*y" for i in range(1, 250)), {"x": 0.7, "y": 2.0}),
    "1,000-term sum": ("+".join(f"x**{i % 7}" for i in range(1000)), {"x": 0.9}),
    "shared 16 times": ("e = x; " + "e = e*(e + 1); " * 16 + "e", {"x": 1e-6}),
    "shared 32 times": ("e = x; " + "e = sin(e)*(e + 1); " * 16 + "e", {"x": 0.5}),
    "200 by 200 matmul": ("X = randn(200, 200)\nsum(tanh(X @ (x*X)))", {"x": 0.1}),
    "sum of 1,000,000": ("sum(sin(x*arange(1000000)/1000000))", {"x": 1.3}),
}  # fmt: skip


def main() -> None:
    """Print the table."""
    rows = []
    for name, (text, values) in KILLERS.items():
        wall, cpu, mebibytes, said = measured(text, values)
        rows.append([name, f"{wall:.1f}", f"{cpu:.1f}", f"{mebibytes:.0f}", said])
        print(".", end="", flush=True)
    print("\n" + table(["program", "s", "s of computing", "MiB at the peak", "verdicts"], rows))
    print()


def measured(text: str, values: dict[str, float]) -> tuple[float, float, float, str]:
    """Wall and computing seconds and peak MiB of a checked run, what it starts included, and the verdicts."""
    started = time.monotonic()
    task = json.dumps([text, values])
    command = [sys.executable, "-c", _WATCHED]
    done = subprocess.run(command, input=task, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    told = json.loads(done.stdout)
    said = ", ".join(Counter(f"{checker}: {status}" for checker, status in told["verdicts"]))
    return time.monotonic() - started, told["cpu"], told["peak"] / 1024, said


# Both this process and what it waited for count: a checker may start another one.
_WATCHED = """
import json, resource, sys
from autograd_explain import explain
text, values = json.load(sys.stdin)
run = explain(text, values, check=True)
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"peak": max(u.ru_maxrss for u in used), "cpu": sum(u.ru_utime + u.ru_stime for u in used),
                  "verdicts": [(check.checker, check.status) for check in run.checks]}))
"""
