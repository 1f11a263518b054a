"""A guard that proves nothing runs: every event that Python audits is refused unless it stands in a table here.

Reading programs, values and saved files may compile text to a tree, look into folders, and read files; it may not
write, delete, start, connect, import what was not loaded, or execute code. A guard cannot be taken off again, so it
is put on in a process of its own.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LIBRARIES = {"autograd_explain", "encodings", "mpmath", "numpy", "sympy"}
_CODE = tuple({str(ROOT), *site.getsitepackages(), *map(sysconfig.get_path, ("stdlib", "platstdlib"))})


class Refused(BaseException):
    """Something was about to happen that no input may bring about; no handler of Python's own errors catches it."""


class Guard:
    """Refuses and records what is not allowed while `on`; `canary` is a file that nothing may open."""

    def __init__(self, canary: Path) -> None:
        """Nothing is watched before `put_on`."""
        self.canary = str(canary)
        self.on = False
        self.refused: list[str] = []

    def put_on(self) -> None:
        """Watch every audited event of this process from now on, for good."""
        sys.addaudithook(self._audit)
        self.on = True

    def _audit(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.on:
            return
        rule = _ALLOWED.get(event, _never)
        if event == "open" and _is(given[0], self.canary):
            rule = _never
        if rule(given):
            return
        self.on = False  # telling of it may itself be audited
        said = f"{event} {given!r}"[:300]
        self.refused.append(said)
        self.on = True
        raise Refused(said)


def _never(given: tuple[Any, ...]) -> bool:
    return False


def _always(given: tuple[Any, ...]) -> bool:
    return True


def _is(path: Any, wanted: str) -> bool:
    return isinstance(path, (str, bytes, os.PathLike)) and Path(os.fsdecode(path)).name == Path(wanted).name


def _reads(given: tuple[Any, ...]) -> bool:
    return not given[2] & _WRITING


def _who_asks() -> str:
    """The module whose code brought the event about."""
    return str(sys._getframe(3).f_globals["__name__"])  # noqa: SLF001 - nothing else tells


def _makes_a_tree(given: tuple[Any, ...]) -> bool:
    """Whether the text is compiled by `ast.parse`, which makes a tree of it and no code, or is SymPy's own."""
    return _who_asks() in {"ast", _POLYNOMIALS}


def _is_known_code(given: tuple[Any, ...]) -> bool:
    """Whether the code is SymPy's own, or the body of a module from the folders that hold the libraries."""
    code = given[0]
    body = isinstance(code, CodeType) and code.co_name == "<module>" and code.co_filename.startswith(_CODE)
    return body or _who_asks() == _POLYNOMIALS


_POLYNOMIALS = "sympy.polys.monomials"
"""It writes itself functions for products of so many powers: of their number, and of nothing else that is given."""


_ALLOWED: dict[str, Callable[[tuple[Any, ...]], bool]] = {
    "compile": _makes_a_tree,
    "exec": _is_known_code,
    "import": lambda given: given[0].split(".")[0] in _LIBRARIES,
    "open": _reads,
    "os.truncate": lambda given: isinstance(given[0], int),  # the fuzzer's own files, by their descriptors
    **dict.fromkeys(
        ("builtins.id", "gc.get_objects", "glob.glob", "marshal.loads", "object.__getattr__", "os.listdir",
         "os.scandir", "pathlib.Path.glob", "sys._getframe", "sys.excepthook", "sys.unraisablehook"),
        _always,
    ),
}  # fmt: skip
"""What may happen, by the event's name: a function of what Python tells about it."""
