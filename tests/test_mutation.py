"""Mutation testing does what it counts: what it changes, what it leaves alone, and what it says of a fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mutation import PACKAGE, ROOT, TESTS, chosen, stale_reasons
from benchmarks.mutators import mutants_of

ROW = """
Pairs = dict[str, tuple[int, 3]]
slope = define(Op(
    "slope", ("x", "k"), lambda x, k: x - 2 * k, Call("slope", latex="1"), note=f"{1 + 1}", flag=True,
    partials=(1.0, lambda out, x, k: -k), kinks=(("JAX", NAME),),
))

@cached(size=7)
def total(x: Vec[3], axis: int = -1) -> int:
    \"\"\"Text.\"\"\"
    if not x or len(x) > 4:
        raise ValueError("no", 5)
    log(x)
    return np.max(x, axis=axis)
"""
MUTANTS = [
    "slope: lambda x, k: x - 2 * k → lambda k, x: x - 2 * k",
    "slope: x - 2 * k → x + 2 * k",
    "slope: 2 * k → 2 / k",
    "slope: 2 * k: 2 → 3",
    "slope: 2 * k: 2 → -2",
    "slope: flag=True: True → False",
    "slope: (1.0, lambda out, x, k: -k) → (lambda out, x, k: -k, 1.0)",
    "slope: (1.0, lambda out, x, k: -k): 1.0 → 2.0",
    "slope: (1.0, lambda out, x, k: -k): 1.0 → -1.0",
    "slope: lambda out, x, k: -k → lambda x, out, k: -k",
    "slope: lambda out, x, k: -k → lambda out, k, x: -k",
    "slope: -k → k",
    "total: -1 → 1",
    "total: -1 → -2",
    "total: if not x or len(x) > 4 → if not …",
    "total: not x or len(x) > 4 → not x and len(x) > 4",
    "total: not x → x",
    "total: len(x) > 4 → len(x) >= 4",
    "total: len(x) > 4 → len(x) <= 4",
    "total: len(x) > 4: 4 → 5",
    "total: len(x) > 4: 4 → -4",
    "total: log(x) → pass",
    "total: log(x): log → log1p",
    "total: np.max(x, axis=axis) → np.max(x)",
    "total: np.max(x, axis=axis): np.max → np.min",
]


@pytest.fixture
def written(tmp_path: Any) -> Path:
    path: Path = tmp_path / "row.py"
    path.write_text(ROW, encoding="utf-8")
    return path


def test_code_is_changed_and_what_people_read_is_not(written: Any) -> None:
    assert MUTANTS == [mutant.name for mutant in mutants_of(written)]


def test_a_mutant_is_compiled_with_its_one_change(written: Any) -> None:
    given = {"define": lambda op: op, "Op": lambda *args, **more: args[2], "Call": str, "NAME": ""}
    given |= {"cached": lambda size: lambda function: function, "Vec": {3: int}}
    found = []
    for mutant in mutants_of(written)[:5]:
        names = dict(given, Call=lambda *args, **more: None)
        exec(mutant.code(), names)  # noqa: S102 - the text above
        found.append(names["slope"](10, 3))
    assert [3 - 20, 10 + 6, 10 - 2 / 3, 10 - 9, 10 + 6] == found


def test_equal_names_are_numbered(tmp_path: Any) -> None:
    path = tmp_path / "twice.py"
    path.write_text("a = x + y, x + y, z\n", encoding="utf-8")
    assert ["a: x + y → x - y", "a: x + y → x - y #2"] == [mutant.name for mutant in mutants_of(path)]


def test_every_file_of_ops_and_modes_has_its_tests() -> None:
    files = {f"{part}/{path.stem}" for part in ("ops", "modes") for path in (ROOT / PACKAGE / part).glob("*.py")}
    assert files - {"ops/__init__", "modes/__init__"} == set(TESTS)
    assert [] == [test for tests in TESTS.values() for test in tests if not (ROOT / test).exists()]


def test_every_reason_is_about_a_mutant_that_there_is() -> None:
    assert [] == list(stale_reasons())


def test_a_sample_is_the_same_for_the_same_seed_and_holds_every_file() -> None:
    names = [[mutant.name for mutant in mutants] for mutants in chosen(50, 3).values()]
    assert names == [[mutant.name for mutant in mutants] for mutants in chosen(50, 3).values()]
    assert names != [[mutant.name for mutant in mutants] for mutants in chosen(50, 4).values()]
    assert len(TESTS) == len(list(filter(None, names)))


TRIAL = r"""
import hypothesis, numpy, pytest
from benchmarks.mutation import PACKAGE, ROOT, Order, in_a_process
path = ROOT / PACKAGE / "ops/numpy_names.py"
changes = (("", "", 60), ('"ravel": "flatten"', '"ravel": "neg"', 60), ("\n_attach()", "\nwhile 1: 1", 1))
for before, after, seconds in changes:
    text = path.read_text(encoding="utf-8").replace(before, after, bool(before))
    print(in_a_process("ops/numpy_names", compile(text, path, "exec"), Order(), seconds).verdict)
"""


def test_a_fault_is_killed_and_no_fault_survives() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRIAL], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    assert ["survived", "killed", "timed out"] == done.stdout.splitlines()
