"""Laws that every program keeps, on generated programs and on those that once broke one.

`EXAMPLES=10000 python -m pytest tests/test_laws_of_programs.py` tries that many new programs for each law; one that
breaks it is made small and kept in tests/corpus/programs, where every run from then on tries it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.programs import Case, case
from tests.properties import corpus
from tests.properties.laws import LAWS, Law
from tests.properties.rewriting import Unfit
from tests.properties.searching import search
from tests.strategies import far_from_corners

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
USUAL = 25
KEPT = corpus.files()


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_generated_programs_keep_the_law(law: Law) -> None:
    found = search(law, EXAMPLES or USUAL // law.cost, number=None if EXAMPLES else 0)
    if found.case is not None:
        where = f"kept as {corpus.keep(found.case, law.name)}" if EXAMPLES else corpus.kept(found.case, law.name)
        raise AssertionError(f"{law.says}: not so for\n{where}") from found.error
    assert found.tried > 0


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_programs_keep_every_law(path: Path) -> None:
    program = corpus.read(path.read_text(encoding="utf-8"))
    for law in LAWS:
        try:
            law.holds(program)
        except Unfit:
            continue


@pytest.mark.parametrize(
    "program", [case("x*y", x=0.1, y=-2), case("# a comment\nA @ b", A=[[1, 2.5], [3, 1e-9]], b=[1, 1 / 3])], ids=str
)
def test_a_kept_program_reads_back(program: Case, tmp_path: Path) -> None:
    path = corpus.keep(program, "books", tmp_path)
    found = corpus.read(path.read_text(encoding="utf-8"))
    assert corpus.kept(program, "") == corpus.kept(found, "")
    assert program.text == found.text


def test_corners_are_seen() -> None:
    assert not far_from_corners(case("relu(x)", x=1e-5).run())
    assert far_from_corners(case("relu(x)", x=1e-1).run())
