"""Hostile inputs: every one ends in a result or one error within its limits, and nothing runs on the way.

Here a few thousand; `INPUTS=1000000 python -m benchmarks fuzz` for more. Inputs that once failed are kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.findings import ROOT, crashers, fuzz
from tests.fuzz.mutator import dice_for
from tests.fuzz.run import LAST, MEBIBYTES, SECONDS, Folder, is_failure, outcome
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bounds time and memory as Linux does")
INPUTS, SEED = 3_000, 9


def test_every_input_ends_in_a_result_or_one_error_and_nothing_runs() -> None:
    found = fuzz(INPUTS, SEED)
    assert [] == [(failure["target"], failure["kind"], failure["told"][-500:]) for failure in found.failures]
    assert [] == found.refused
    assert found.canary_is_whole
    assert INPUTS == sum(found.counts.values())
    assert {(name, kind) for name in TARGETS for kind in ("results", "errors")} - {("answers", "errors")} == set(
        found.counts
    )  # an answer that cannot be read is a wrong one
    assert found.slowest < SECONDS
    assert found.peak < MEBIBYTES


@pytest.mark.parametrize("path", crashers(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_that_once_failed(path: Path, tmp_path: Path) -> None:
    found = outcome(TARGETS[path.parent.name], path.read_bytes(), Folder(tmp_path))
    assert not is_failure(found), found


def test_the_same_number_makes_the_same_input() -> None:
    made = [[target.mutant(dice_for(SEED, number)) for number in range(20)] for target in TARGETS.values()]
    assert made == [[target.mutant(dice_for(SEED, number)) for number in range(20)] for target in TARGETS.values()]
    assert all(len(set(inputs)) > 5 for inputs in made)


PLANTED = """
import ast, json, os, socket, subprocess, sys
from pathlib import Path
from tests.fuzz.guard import Refused
from tests.fuzz.run import TooLongError, outcome, prepare
from tests.fuzz.targets import Target

folder = Path(sys.argv[1])
planted = {
    "eval": lambda: eval("1 + 1"),
    "exec": lambda: exec("x = 1"),
    "compile": lambda: compile("1", "<unknown>", "eval"),
    "write": lambda: (folder / "new").open("w"),
    "append": lambda: (folder / "other").open("a"),
    "make": lambda: (folder / "made").mkdir(),
    "remove": lambda: (folder / "other").unlink(),
    "system": lambda: os.system("true"),
    "fork": lambda: os.fork(),
    "subprocess": lambda: subprocess.run(["true"]),
    "socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "import": lambda: __import__("antigravity"),
    "pickle": lambda: __import__("pickle").loads(b"cos\\nsystem\\n."),
    "canary": lambda: (folder / "canary.txt").read_text(),
    "endless": lambda: [None for _ in iter(int, 1)],
    "huge": lambda: bytes(3 * 2**30),
    "tree": lambda: ast.parse("1 + 1"),
    "read": lambda: (folder / "other").read_text(),
}
files, guard = prepare(folder, [])
found = {}
for name, plant in planted.items():
    made = outcome(Target(lambda data, folder: plant(), bytes, 1), b"", files)
    found[name] = type(made).__name__
guard.on = False
print(json.dumps([found, len(guard.refused)]))
"""


def test_the_guard_stops_what_is_planted(tmp_path: Path) -> None:
    for name in ("canary.txt", "other"):
        (tmp_path / name).write_text("x", encoding="ascii")
    line = [sys.executable, "-c", PLANTED, str(tmp_path)]
    done = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    found, refused = json.loads(done.stdout)
    ended = {"endless": "TooLongError", "huge": "MemoryError", "tree": "NoneType", "read": "NoneType"}
    assert {name: ended.get(name, "Refused") for name in found} == found
    assert len(found) - len(ended) == refused
    assert {"canary.txt", "other"} == {path.name for path in tmp_path.iterdir()} - {
        LAST, *(target.file for target in TARGETS.values())
    }  # fmt: skip
