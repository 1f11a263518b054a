"""Mutation testing: one small fault at a time in `ops/` and `modes/`, and whether a fast part of the tests sees it.

`SAMPLE=480 SEED=3 python -m benchmarks mutation` tries that many mutants, spread over the files (0: all of them);
`ONLY=ops/losses` those of one file. Goal: at least 90 % are killed, and each that is not has its reason in
survivors.json. The faults that engines of this kind are known for are planted in tests/properties/planted.py.

A mutant is tried in a process forked from this one, which has loaded libraries but nothing of the package. What was
killed stays killed while its file is the same (in `RESULTS`, build/mutation.jsonl unless given); survivors are tried
again.
"""

from __future__ import annotations

import ast
import json
import os
import random
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, NamedTuple
from zlib import crc32

from benchmarks.mutators import Mutant, mutants_of, texts_of
from benchmarks.timing import table

ROOT = Path(__file__).parents[1]
PACKAGE = "autograd_explain"
SAMPLE = int(os.environ.get("SAMPLE", "200"))
SEED = int(os.environ.get("SEED", "1"))
ONLY = os.environ.get("ONLY", "")
RESULTS = Path(os.environ.get("RESULTS", ROOT / "build" / "mutation.jsonl"))
LIBRARIES = ("click", "hypothesis", "mpmath", "numpy.testing", "plotille", "pytest", "rich.console", "sympy")
LEAST = 12  # mutants of a file in every sample, where the file has as many
SLOW = 3.0  # seconds of computing: a test that takes longer is left out
PATIENCE = 8  # times the seconds that a file's tests take where nothing is wrong
MEMORY = 6 * 2**30
DEPTH = 1000  # Python's own limit of recursion, which the benchmarks lift

_LAWS = ("tests/laws/test_laws.py", "tests/laws/test_places.py", "tests/laws/test_conventions.py")
TESTS: dict[str, tuple[str, ...]] = {
    "ops/activations": (*_LAWS, "tests/explanation/test_curves.py", "tests/modes/test_replay.py"),
    "ops/arithmetic": (*_LAWS, "tests/core/test_var.py", "tests/modes/test_reverse.py"),
    "ops/compare": (*_LAWS, "tests/core/test_var.py", "tests/modes/test_reverse.py"),
    "ops/elementary": (
        *_LAWS, "tests/explanation/test_curves.py", "tests/explanation/test_notes_corners.py", "tests/core/test_var.py",
    ),
    "ops/indexing": (*_LAWS, "tests/core", "tests/lang/test_interpret.py"),
    "ops/linalg": (*_LAWS, "tests/core", "tests/modes/test_replay.py"),
    "ops/losses": (*_LAWS, "tests/core", "tests/modes/test_replay.py"),
    "ops/numpy_names": ("tests/core",),
    "ops/reductions": (
        *_LAWS,
        *(f"tests/modes/test_{mode}.py" for mode in ("forward", "higher", "replay")),
        "tests/check/test_corners.py",
    ),
    "ops/shaping": (*_LAWS, "tests/core", "tests/modes/test_reverse.py"),
    "modes/corners": tuple(f"tests/{part}/test_corners.py" for part in ("modes", "check", "explanation")),
    "modes/faulty": ("tests/modes/test_faulty.py", "tests/explanation/test_faults.py"),
    "modes/functions": ("tests/test_transforms.py", "tests/train/test_loop.py", "tests/test_api.py"),
    "modes/forward": ("tests/modes/test_forward.py", "tests/test_transforms.py"),
    "modes/higher": ("tests/modes/test_higher.py", "tests/test_transforms.py", "tests/lang/test_grad.py"),
    "modes/records": ("tests/modes", "tests/test_api.py"),
    "modes/edges": ("tests/modes/test_replay.py", "tests/train"),
    "modes/replay": ("tests/modes/test_replay.py", "tests/train"),
    "modes/replayed": ("tests/modes/test_replayed.py", "tests/modes/test_replay.py", "tests/train"),
    "modes/reverse": ("tests/modes/test_reverse.py", "tests/laws/test_conventions.py", "tests/core"),
}
"""The tests that a file's mutants are tried on."""
USED_BY = {"ops/shaping": {"matmul", "bce"}, "ops/elementary": {"gelu"}, "ops/compare": {"lt", "relu"}}
"""Operations of other files whose laws a file's helpers are tried on, beside those of its own."""


class Outcome(NamedTuple):
    """What became of a mutant: `verdict` is killed, survived or timed out, `test` the first that failed."""

    verdict: str
    test: str
    seconds: dict[str, float]  # of computing, for every test that passed


def main() -> None:
    """Print a row for each file, then every mutant that survived and has no reason."""
    reasons: dict[str, dict[str, str]] = _data("survivors.json")
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(RESULTS.with_name("bytecode"))  # compiled once for all
    for name in LIBRARIES:
        import_module(name)
    rows, unexplained = [], []
    for file, mutants in chosen(SAMPLE, SEED).items():
        if ONLY in file:
            verdicts = dict(tried(file, mutants))
            left = [name for name, verdict in verdicts.items() if verdict == "survived"]
            unknown = [name for name in left if name not in reasons.get(file, {})]
            count = Counter(verdicts.values())
            rows.append((file, len(verdicts), count["killed"], count["timed out"], len(left), len(unknown)))
            unexplained += [f"{file} {name}" for name in unknown]
            print(*rows[-1], flush=True)
    _print(rows)
    print(*unexplained, sep="\n")


def _print(rows: list[tuple[Any, ...]]) -> None:
    total = ("all", *(sum(row[column] for row in rows) for column in range(1, 6)))
    shown = [[*map(str, row), f"{100 * (row[2] + row[3]) / row[1]:.1f}"] for row in (*rows, total)]
    print(table(("file", "mutants", "killed", "timed out", "survived", "without a reason", "killed %"), shown))


def _data(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def chosen(sample: int, seed: int) -> dict[str, list[Mutant]]:
    """The mutants to try, by file: each file has its share of the sample."""
    everything = {file: mutants_of(ROOT / PACKAGE / f"{file}.py") for file in TESTS}
    total = sum(map(len, everything.values()))
    found = {}
    for file, mutants in everything.items():
        share = min(len(mutants), max(LEAST, round(sample * len(mutants) / total))) if sample else len(mutants)
        dice = random.Random(f"{seed} {file}")
        found[file] = [mutants[i] for i in sorted(dice.sample(range(len(mutants)), share))]
    return found


def tried(file: str, mutants: list[Mutant]) -> Iterator[tuple[str, str]]:
    """The verdict on each mutant by its name."""
    source = (ROOT / PACKAGE / f"{file}.py").read_bytes()
    digest = crc32(source)
    known = {line["mutant"]: line for line in _results() if (line["file"], line["digest"]) == (file, digest)}
    sound = in_a_process(file, compile(source, file, "exec"), Order(), 600)
    if sound.verdict != "survived":
        raise RuntimeError(f"{file}: {sound.test or sound.verdict} fails without any fault")
    killers: Counter[str] = Counter(line["test"] for line in known.values())
    patience = 5 + int(PATIENCE * sum(sound.seconds.values()))
    for mutant in mutants:
        verdict = known.get(mutant.name, {}).get("verdict", "survived")
        if verdict == "survived":
            order = Order(sound.seconds, killers, mutant.statement, mutant.texts)
            verdict, test, _ = in_a_process(file, mutant.code(), order, patience)
            killers[test] += 1
            _keep({"file": file, "digest": digest, "mutant": mutant.name, "verdict": verdict, "test": test})
        yield mutant.name, verdict


def stale_reasons() -> Iterator[str]:
    """The reasons of survivors.json that are about no mutant of the code as it is."""
    for file, reasons in _data("survivors.json").items():
        names = {mutant.name for mutant in mutants_of(ROOT / PACKAGE / f"{file}.py")}
        yield from (f"{file} {name}" for name in reasons if name not in names)


def _results() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def _keep(line: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


_OPTIONS = (
    "-x", "-q", "-k", "not programs_on_numbers and not survive_importing and not memory_stays",  # the slow ones
    "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:unraisableexception",
    "-p", "_hypothesis_pytestplugin",
)  # fmt: skip
_PASSED = (0, 5)  # pytest's words for: all passed, none were chosen


class Order(NamedTuple):
    """What decides which tests come first: those named after the statement, those that have killed, the short ones."""

    seconds: Mapping[str, float] = MappingProxyType({})
    killers: Mapping[str, int] = MappingProxyType({})
    statement: str = "nothing"
    texts: frozenset[str] = frozenset()

    def of(self, test: str) -> tuple[bool, int, float]:
        """Small for a test that is to come early."""
        return self.statement not in test, -self.killers.get(test, 0), self.seconds.get(test, 0.0)


def in_a_process(file: str, code: CodeType, order: Order, patience: int) -> Outcome:
    """The file's tests with its module made from `code`, in a process of its own with limits of its own."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the thread beside this one only waits
        child = os.fork()
    if not child:
        _child(file, code, order, patience, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return Outcome(*json.loads(told)) if told else Outcome("timed out", "", {})


def _child(file: str, code: CodeType, order: Order, patience: int, told: int) -> None:
    """Run the tests, tell what came of it, end. Silence means that a limit has ended it first."""
    os.setsid()
    os.chdir(ROOT)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    sys.setrecursionlimit(DEPTH)
    resource.setrlimit(resource.RLIMIT_CPU, (patience, patience + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(20 * patience)  # for what waits without computing
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.meta_path.insert(0, _Mutated(file, code))
    import pytest

    watch = _Watch(file, order)
    passed = all(pytest.main([*_OPTIONS, path], plugins=[watch]) in _PASSED for path in TESTS[file])
    os.write(told, json.dumps(("survived" if passed else "killed", watch.failed, watch.seconds)).encode())
    os._exit(0)


class _Mutated(SourceFileLoader):
    """Finds one module, and makes it from code that is not its file's."""

    def __init__(self, file: str, code: CodeType) -> None:
        super().__init__(f"{PACKAGE}.{file.replace('/', '.')}", str(ROOT / PACKAGE / f"{file}.py"))
        self.code = code

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Its own module's spec, nobody else's."""
        return spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it finds no other
        """The code it was given."""
        return self.code


class _Watch:
    """A plugin of pytest: chooses and sorts the tests, and notes their time and the first that fails."""

    def __init__(self, file: str, order: Order) -> None:
        self.order = order
        self.failed = ""
        self.seconds: dict[str, float] = {}
        self.begun = 0.0
        tree = ast.parse((ROOT / PACKAGE / f"{file}.py").read_text(encoding="utf-8"))
        self.texts = texts_of(tree) | USED_BY.get(file, set())

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """The tests that may see the fault, the likeliest first; of the laws those of the row, or of the file's."""
        ops = {op.name for op in map(_law_of, items) if op is not None}
        own = ops & self.order.texts or ops & self.texts or ops
        items[:] = [item for item in items if _law_of(item) is None or _law_of(item).name in own]
        items[:] = [item for item in items if self.order.seconds.get(item.nodeid, 0.0) <= SLOW]
        items.sort(key=lambda item: self.order.of(item.nodeid))

    def pytest_runtest_logstart(self) -> None:
        """Start the watch."""
        self.begun = time.process_time()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note the time of a test that passed, the name of one that did not."""
        if report.failed:
            self.failed = self.failed or report.nodeid
        elif report.when == "call":
            self.seconds[report.nodeid] = time.process_time() - self.begun


def _law_of(item: Any) -> Any:
    """The operation that a test is about, where it is one of the laws."""
    return item.callspec.params.get("op") if hasattr(item, "callspec") else None
