"""Programs that once broke a law, kept as files that anybody can read and run: a title, the values, the program.

`kept(case, title)` is the file's text and `read(text)` the case again. Nothing here asserts.
"""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from autograd_explain.lang.program import read_program
from autograd_explain.lang.values import read_values
from tests.programs import Case

FOLDER = Path(__file__).resolve().parent.parent / "corpus" / "programs"
_VALUES = "# values: "


def kept(case: Case, title: str) -> str:
    """The text of a case's file."""
    given = " ".join(f"{name}={_number(value)}" for name, value in case.values.items())
    return f"# title: {title}\n{_VALUES}{given}\n{case.text}\n"


def _number(value: Any) -> str:
    return json.dumps(np.asarray(value, dtype=float).tolist())


def read(text: str) -> Case:
    """The case in a file's text: the values of its heading, the program under it."""
    values = read_values(read_program(text).defaults)
    heading = next(number for number, line in enumerate(text.splitlines()) if line.startswith(_VALUES))
    return Case("\n".join(text.splitlines()[heading + 1 :]), values)


def files() -> list[Path]:
    """The kept files, sorted."""
    return sorted(FOLDER.glob("*.expr"))


def keep(case: Case, law: str, folder: Path = FOLDER) -> Path:
    """Write a case that broke a law to a file of its own, and return its path."""
    number = zlib.crc32(repr(case).encode())
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', law.lower())}-{number:08x}.expr"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(kept(case, f"it broke the law '{law}'"), encoding="utf-8")
    return path
