"""`python -m tests.fuzz.run FOLDER COUNT SEED [TARGET…]`: so many inputs, guarded, in a process of their own.

Writes a line of JSON for each kind of failure, with the smallest input found for it, and a last line of figures.
FOLDER holds the canary; the inputs that are files are put there, and the one that is being read as `last`.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import importlib
import io
import json
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import autograd_explain
from autograd_explain.errors import ExplainError
from tests.fuzz.guard import Guard, Refused
from tests.fuzz.mutator import dice_for
from tests.fuzz.targets import TARGETS, Target

SECONDS = 5.0  # processor time of one input
MEBIBYTES = 1024  # more than what is there when the first input comes
CANARY, LAST = "canary.txt", "last"
_WATCHED, _PATIENCE = 256, 600.0  # so many inputs that take longer together, by the clock, end the process
_LOADED_LATER = ("bz2", "csv", "difflib", "importlib.readers", "lzma", "numpy.random", "zipfile")
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SHRINKS = 300  # attempts to make a failing input smaller


class TooLongError(BaseException):
    """An input took longer than it may."""


class Folder:
    """The fuzzer's files, opened once before anything is guarded, then filled again and again."""

    def __init__(self, path: Path) -> None:
        """Open a file for each target that reads one."""
        self.path = path
        names = {LAST, *(target.file for target in TARGETS.values() if target.file)}
        self._files = {name: os.open(path / name, os.O_RDWR | os.O_CREAT) for name in sorted(names)}

    def put(self, name: str, data: bytes) -> None:
        """Make `data` the content of the file of that name."""
        os.ftruncate(self._files[name], 0)
        os.pwrite(self._files[name], data, 0)


def outcome(target: Target, data: bytes, folder: Folder) -> BaseException | None:
    """What an input came to: None for a result, the one ExplainError, or the exception that should not be."""
    folder.put(LAST, data)
    if target.file:
        folder.put(target.file, data)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            target.run(data, folder.path)
    except ExplainError as error:
        return error if is_clean(str(error)) else ValueError(f"hidden characters in {error!s:.200}")
    except (Exception, Refused, TooLongError, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - the crash
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def is_clean(text: str) -> bool:
    """Whether a report holds nothing that a terminal would obey."""
    return bool(text) and not any(c != "\n" and unicodedata.category(c) in _HIDDEN for c in text)


def kind_of(error: BaseException) -> str:
    """What failures are told apart by: the exception, and the last line of ours it went through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "autograd_explain" in Path(f.filename).parts]
    if not frames:
        return repr(error)[:200]
    return f"{type(error).__name__} {Path(frames[-1].filename).name}:{frames[-1].lineno}"


def is_failure(found: BaseException | None) -> bool:
    """Whether an outcome is neither a result nor one ExplainError."""
    return found is not None and not isinstance(found, ExplainError)


def smallest(target: Target, data: bytes, folder: Folder, kind: str) -> bytes:
    """The input with parts left out as long as it fails in the same way."""
    size, attempts = len(data) // 2, 0
    while size and attempts < _SHRINKS:
        start = 0
        while start < len(data) and attempts < _SHRINKS:
            attempts += 1
            shorter = data[:start] + data[start + size :]
            found = outcome(target, shorter, folder)
            if found is not None and is_failure(found) and kind_of(found) == kind:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def inputs(count: int, seed: int, names: list[str]) -> Iterator[tuple[int, str, bytes]]:
    """So many inputs with their numbers and targets, each target as often as its share says."""
    turns = [name for name in names for _ in range(TARGETS[name].share)]
    for number in range(count):
        dice = dice_for(seed, number)
        name = turns[number % len(turns)]
        yield number, name, TARGETS[name].mutant(dice)


def prepare(folder: Path, names: list[str]) -> tuple[Folder, Guard]:
    """Load everything that inputs may lead to, set the bounds, and put the guard on."""
    for module in pkgutil.walk_packages(autograd_explain.__path__, "autograd_explain."):
        if module.name.rpartition(".")[2] not in {"__main__", "worker", "jax", "pytorch"}:
            importlib.import_module(module.name)
    for name in _LOADED_LATER:
        importlib.import_module(name)
    files = Folder(folder)
    signal.signal(signal.SIGPROF, _too_long)
    guard = Guard(folder / CANARY)
    for name in names:  # what is loaded only when needed is loaded by these
        for number in range(3 * TARGETS[name].share + 30):
            outcome(TARGETS[name], TARGETS[name].mutant(dice_for(-1, number)), files)
    bound = _address_space() + MEBIBYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    guard.put_on()
    return files, guard


def _too_long(*_: Any) -> None:
    raise TooLongError(f"more than {SECONDS:g} s")


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


class Tally:
    """What the inputs came to so far."""

    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        """Failures are told by `report` as they come."""
        self.report = report
        self.counts: Counter[tuple[str, str]] = Counter()
        self.failures: set[tuple[str, str]] = set()
        self.slowest: tuple[float, str, int] = (0.0, "", 0)

    def take(self, name: str, number: int, data: bytes, folder: Folder) -> None:
        """Run one input, and count it."""
        start = time.process_time()
        found = outcome(TARGETS[name], data, folder)
        self.slowest = max(self.slowest, (time.process_time() - start, name, number))
        if found is None or not is_failure(found):
            self.counts[name, "results" if found is None else "errors"] += 1
            return
        self.counts[name, "failures"] += 1
        kind = kind_of(found)
        if (name, kind) not in self.failures:
            self.failures.add((name, kind))
            told = "".join(traceback.format_exception(found))[-3000:]
            small = data if isinstance(found, TooLongError) else smallest(TARGETS[name], data, folder, kind)
            text = base64.b64encode(small).decode("ascii")
            self.report({"target": name, "number": number, "kind": kind, "told": told, "input": text})


def main(words: list[str]) -> None:
    """Run the fuzzer as the command line says."""
    folder, count, seed, names = Path(words[0]), int(words[1]), int(words[2]), words[3:] or list(TARGETS)
    warnings.simplefilter("error")
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")

    def report(line: dict[str, Any]) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    files, guard = prepare(folder, names)
    tally = Tally(report)
    for number, name, data in inputs(count, seed, names):
        if number % _WATCHED == 0:
            faulthandler.dump_traceback_later(_PATIENCE, exit=True)
        tally.take(name, number, data, files)
    guard.on = False
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = [[*key, value] for key, value in sorted(tally.counts.items())]
    report({"counts": counts, "slowest": tally.slowest, "peak": peak, "refused": guard.refused[:20],
            "seconds": time.process_time()})  # fmt: skip
    out.close()


if __name__ == "__main__":
    main(sys.argv[1:])
