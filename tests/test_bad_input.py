"""Input at fault, at the command line: one report on standard error, exit code 2, nothing else, soon, in little room.

What the parser and the readers of values refuse, word for word, is held where they are tested; here stand whole
commands, and what only a whole run can meet.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_explain.cli.main import execute
from tests.reports import SECONDS, Refused, is_one_report

ROOT = Path(__file__).resolve().parents[1]
MEBIBYTES = 1024

PROGRAMS = [
    # names
    ("x*y", "no value for y"),
    ("q(x)", "unknown function 'q'"),
    ("x(3)", "unknown function 'x'"),
    ("grad(y, x)", "grad"),
    ("len(x)", "no length"),
    ("f(x)\ndef f(t): return t", "called before its def"),
    ("def f(t): return t\nf(x, x)", "takes 1 argument, not 2"),
    ("def f(t): return t\nf()", "takes 1 argument, not 0"),
    ("def f(t): return t\nf(t=x)", "by position"),
    ("h*x\nh = 3", "no value"),
    ("@backward_of(g)\ndef f(u, o, t): return t\nx", "no function g"),
    ("def f(t): return t\n@backward_of(f)\ndef g(u): return u\nf(x)", "must take 3 values"),
    ("def f(t): return t\n@backward_of(f)\ndef g(u, o, t): return u, u\nf(x)", "returned 2 gradients"),
    ("def f(t): return t\n@backward_of(f)\ndef g(u, o, t): return [u, u]\nf(x)", "returned shape (2)"),
    # shapes
    ("[x, 1] + [1, 2, 3]", "shapes do not fit"),
    ("[x, [1, 2]]", "shapes do not fit"),
    ("x @ x", "shapes do not fit"),
    ("outer([[x, 1]], [1, 2])", "flatten(a)"),
    ("outer(x, [1, 2])", "flatten(a)"),
    ("cross_entropy([[x, 1], [2, 3]], [[1], [0]])", "shapes do not fit"),
    ("cross_entropy([[x, 1]], [[1, 0], [0, 1]])", "shapes do not fit"),
    ("cross_entropy([x, 1], [[1], [0]])", "shapes do not fit"),
    ("a, b = [x, 1, 2]", "2 names, but 3 values"),
    ("a, b = x", "2 names, but 1 values"),
    ("x[0]", "index does not fit"),
    ("[x, 1][2]", "index does not fit"),
    ("reshape([x, 1], (3, 2))", "reshape"),
    ("reshape(x, -2)", "shape of reshape"),
    ("sum(x, axis=1)", "axis"),
    ("squeeze([x, 1], 0)", "squeeze"),
    ("stack([])", "stack"),
    ("concat(x)", "concat"),
    ("concat()", "joins a list"),
    ("outer([[x, 1]], [1, 2])", "takes two vectors"),
    ("outer(x, [1, 2])", "takes two vectors"),
    ("for i in x: i\nx", "nothing to loop over"),
    ("while [x, 1]: x", "one number"),
    ("x if [1, 2] else 3", "one number"),
    ("full((2, 2), [1, 2, 3])*x", "full"),
    ("outer(x, [1, 2])", "two vectors"),
    ("outer([x], [[1, 2]])", "two vectors"),
    ("cross_entropy(x, 0)", "logits (rows, classes)"),
    ("cross_entropy([x, 1], [[0, 1]])", "logits (rows, classes)"),
    ("cross_entropy([x, 1], [1])", "logits (rows, classes)"),
    ("cross_entropy([[x, 1]], 1)", "logits (rows, classes)"),
    ("cross_entropy([[x, 1]], [0, 1])", "logits (rows, classes)"),
    ("x if [1, 2] else 3", "this one has shape (2)"),
    ("reshape([x, 1], (3, 1))", "size 2 into shape (3,1)"),
    ("reshape([x, 1], (3,))", "size 2 into shape (3)"),
    # domains of arguments
    ("sum(x, axis=0.5)", "axis of sum"),
    ("sum(x, keepdims=2)", "keepdims"),
    ("var([x, 1], ddof=-1)", "ddof"),
    ("leaky_relu(x, [1])", "slope"),
    ("huber(x, 1, delta=[1, 2])", "delta of huber"),
    ("sum(x, y=1)", "no option 'y'"),
    ("exp(x, x)", "takes 1 argument"),
    ("exp()", "takes 1 argument"),
    ("randn(-1)*x", "negative"),
    ("x[0.5]", "whole number"),
    ("x[0/0]", "whole number"),
    ("[x, 1][[0, 0.5]]", "floor(x) make them"),
    ("@backward_of(g)\ndef b(u, o, t): return u\nx", "def g(x)"),
    ("def f(t, k=2): return t\nf()", "f takes 1 to 2 arguments, not 0"),
    ("if x < 0: y = x\ny", "the lines that assign it were not run"),
    ("def f(t):\n    r = k*t\n    k = 2\n    return r\nf(x)", "it is assigned further down"),
    ("[x, 1][[1/0, 0]]", "whole numbers"),
    ("[x, 1][[1e300, 0]]", "index does not fit"),
    ("cross_entropy([x, 1], 2)", "from 0 to 1"),
    ("cross_entropy([x, 1], -1)", "from 0 to 1"),
    ("cross_entropy([x, 1], 0.5)", "from 0 to 1"),
    ("arange(0, 1, 0)*x", "step of arange"),
    ("arange(1/0)*x", "arange"),
    ("for i in range(0.5): x", "whole number"),
    ("for i in range(0, 5, 0): x", "step that is not 0"),
    # results that are none
    ("pass", "no result"),
    ("def f(t): return t", "no result"),
    ("def f(t):\n    if t > 9: return t\nf(x)", "returned nothing"),
]


@pytest.mark.parametrize(("program", "message"), PROGRAMS, ids=lambda part: part[:30].replace("\n", ";"))
def test_a_program_at_fault(refused: Refused, program: str, message: str) -> None:
    words = ("--x", "1") if "x" in program.replace("exp", "") else ()
    assert message in refused("run", program, *words)
    assert "^" in refused("run", program, *words) or message == "no result"


HUGE = [
    ("x[9**9**9**9]", "whole number"),
    ("for i in range(9**9**9**9): x", "whole number"),
    ("zeros(9**9**9**9)*x", "whole number"),
    ("for i in range(10**12): x\nx", "10,000,000 turns"),
    ("zeros(10**9)*x", "10,000,000 entries"),
    ("arange(10**12)*x", "10,000,000 entries"),
    ("outer(ones(10**5), ones(10**5))*x", "10,000,000 entries"),
    ("x*ones(10**7, 1)*ones(1, 10**7)", "10,000,000 entries"),
    ("ones(10**6, 1) @ ones(1, 10**6)*x", "10,000,000 entries"),
    ("z = ones(10**7)\n[z, z, z]*x", "10,000,000 entries"),
    ("z = ones(10**6)\nx*concat([z, z, z, z, z, z, z, z, z, z, z])", "10,000,000 entries"),
    ("z = zeros(10**4)\nx*ones(1, 10**4)[z]", "10,000,000 entries"),
    ("full((30000, 1), ones(30000))*x", "full"),
    ("x[10**30]", "index"),
    ("sum(x, axis=9**99)", "axis"),
    ("reshape(x, 10**30)", "shape"),
    ("9" * 5000 + "*x", "too large"),
    ("x + " + "(" * 9999, "brackets"),
    ("(" + "-" * 9999 + "x)", "nested"),
    ("x" + ".T" * 9999, "nested"),
    ("x" + "[0]" * 9999, "nested"),
    ("x if x else " * 9999 + "x", "n"),
    ("[" * 9999 + "x" + "]" * 9999, "brackets"),
    ("x" * 1_000_001, "characters"),
    ("+".join(["x"] * 100_000), "parser can read"),
    ("x = y\n" * 5000 + "x", "x cannot be given"),
    ("def f(t): return f(t)\nf(x)", "200 calls"),
    ("def f(t): return t\n@backward_of(f)\ndef g(u, o, t): return g(u, o, t)\nf(x)", "200 calls"),
]


@pytest.mark.parametrize(("program", "message"), HUGE, ids=lambda part: part[:30].replace("\n", ";"))
def test_what_is_huge_is_refused_soon(refused: Refused, program: str, message: str) -> None:
    assert message in refused("run", program, "--x", "1")


@pytest.mark.parametrize(
    "program",
    [
        "while 1: y = x*1",
        "while 1: y = " + "+".join(["1"] * 1000),
        "while 1: y = sin(cos(tan(exp(2))))",
        "while 1: y = ones(10**7)*2",
        "i = 0\nwhile 1:\n    i = i + 1\n    y = ones(3)*i",
        "i = 0\nwhile 1:\n    i = i + 1\n    y = concat([[i, 1], tanh([x, i])])",
        "i = 0\nwhile 1:\n    i = i + 1\n    y = where([x, i] > 1, i, x)",
        "i = 0\nwhile 1:\n    i = i + 1\n    y = matmul([[i, 2], [3, x]], [[1, 2], [3, i]])",
        "for i in range(10**7): y = norm([i, 1])",
        "while 1: x = x*ones(10**5)",
        "while 1: y = logsumexp([1, 2, 3])",
        "while 1: x = softmax([x, 1])[0]",
        "while 1: y = 1/0 + exp(1000)",
        "while 1:\n    for i in range(99): i",
        "while 1: y = x @ ones(1000, 1000)",
        "while 1: y = erf(ones(10**6))",
        "while 1: y = randn(10**6)",
        "def f(n):\n    if n < 1: return 1\n    return f(n - 1) + f(n - 1)\nf(100)",
        "def f(n, a):\n    if n < 1: return a\n    return f(n - 1, a) + f(n - 1, a)\nf(100, x)",
        "def f(t): return t\n@backward_of(f)\ndef g(u, o, t):\n    while 1: u\n    return u\nf(x)",
    ],
    ids=lambda program: program[:40].replace("\n", ";"),
)
def test_without_end(refused: Refused, program: str) -> None:
    values = (
        ("--x", "ones(1000)") if "@" in program else ("--x", "1") if "x" in program.replace("exp", "") else ()
    )
    report = refused("run", program, *values, "--limit", "statements=300000", "--limit", "elements=10000000")
    assert "never ends" in report or ("more than " in report and "N raises it" in report)
    assert "^" in report


@pytest.mark.parametrize(
    ("program", "hint"),
    [
        ("while 1: 3", "while i < 10"),
        ("while x > 0: x = x*1", "each turn must change x"),
        ("y = 1\nwhile y: y = 1 - y*0", "each turn must change y"),
        ("y = 1\nwhile y*y: y = -y", "each turn must change y"),
        ("while x:\n    while 1: y = [x, x]", "while i < 10"),
        ("def f(t): return t + 1\nwhile f(x) > 0: y = f(x)", "each turn must change x"),
        ("y = x*0/0\nwhile 1: y = y + 1", "while i < 10"),
    ],
)
def test_a_loop_that_goes_round_in_circles(refused: Refused, program: str, hint: str) -> None:
    report = refused("run", program, *(("--x", "1") if "x" in program else ()))
    assert "this loop never ends" in report
    assert hint in report


@pytest.mark.parametrize(
    "program",
    [
        "n = 0\nwhile n < 3000: n += 1\nn*x",
        "n = 0\ny = 1\nwhile n < 3000:\n    y = -y\n    n = n + 1\nx*y*n",
        "y = 0\nwhile y < 0.999: y = rand(1)[0]\nx + y",
        "y = -1\nk = 0\nwhile 1/y < 0:\n    k = k + 1\n    y = -0.0 if k < 2000 else 0.0\nx",
    ],
)
def test_a_loop_that_ends_late_is_not_taken_for_endless(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == execute(["run", program, "--x", "1", "--brief"]), capsys.readouterr().err


def test_a_loop_that_changes_something_for_ever_meets_a_limit(refused: Refused) -> None:
    nested = "for i in range(10**6):\n    for j in range(10**6): y = j"
    for program in ("i = 0\nwhile i > -1: i += 1", "for i in range(10**7): y = i", nested):
        assert "more than 10,000,000 statements" in refused("run", program)


@pytest.mark.skipif(os.name != "posix", reason="asks POSIX how much memory was used")
@pytest.mark.parametrize(
    "words",
    [
        ["while 1: pass\n1"],
        ["i = 1\nwhile x*i: i = i + 1", "--x", "1"],
        ["def f(n): return f(n - 1) + f(n - 2) if n > 0 else x\nf(60)", "--x", "1"],
        ["while x > 0: x = x*1", "--x", "1"],
        ["i = 0\nwhile 1:\n    i = i + 1\n    y = tanh(ones(3)*x)", "--x", "1"],
        ["i = 0\nwhile 1:\n    i = i + 1\n    y = cross_entropy([i, x, 2], 1)", "--x", "1"],
        ["def f(n, v): return f(n - 1, v*2) + f(n - 1, v) if n > 0 else v\nf(150, ones(2)*x)", "--x", "1"],
        ["while 1: x = x*ones(10**6)", "--x", "1"],
        ["while 1: x = concat([x, x])", "--x", "[1, 2]"],
        ["sum(x)", "--x", "@huge.json"],
        ["sum(x)", "--x", "@huge.npy"],
        ["sum(x)", "--x", "@huge.csv"],
    ],
    ids=lambda words: words[0],
)
def test_time_and_memory_with_the_usual_limits(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "huge.json").write_bytes(b"[" + b"1," * 50_000_000 + b"1]")
    (tmp_path / "huge.csv").write_bytes(b"1,2\n" * 24_000_000)
    with (tmp_path / "huge.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (12_500_000,)}
        )
        file.truncate(file.tell() + 100_000_000)
    line = [sys.executable, "-m", "autograd_explain", "run", *words]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(
            line, stdout=out, stderr=err, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert (2, b"") == (process.returncode, (tmp_path / "out").read_bytes())
    assert is_one_report((tmp_path / "err").read_text("utf-8"))
    assert used.ru_utime + used.ru_stime < SECONDS
    assert used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2) < MEBIBYTES


@pytest.mark.parametrize(
    "program",
    [
        "x.__class__.__bases__",
        "().__class__",
        "__builtins__",
        "__import__('os')",
        "eval(x)",
        "exec(x)",
        "open(x)",
        "getattr(x, T)",
        "globals()",
        "print(x)",
        "import os",
        "from os import *",
        "lambda: x",
        "(lambda t: t)(x)",
        "[i for i in x]",
        "{i: i for i in x}",
        "(i for i in x)",
        "(y := x)",
        "sum(*x)",
        "[*x]",
        "a, *b = x",
        'f"{x}"',
        '"a"*x',
        "b'a'",
        '"""a"""',
        "1j*x",
        "x.real",
        "global x",
        "yield x",
        "raise x",
        "try: x\nexcept: x",
        "with x: x",
        "match x:\n case 1: x",
        "class A: x",
        "del x",
        "assert x",
        "x: int = 3",
        "async def f(): pass",
        "await x",
        "nonlocal x",
        "x = type",
        "def f(*t): return t\nf(x)",
        "sum(**x)",
        "x._",
        "x[x.__len__()]",
    ],
)
def test_python_that_is_not_the_language(refused: Refused, program: str) -> None:
    refused("run", program, "--x", "1")
