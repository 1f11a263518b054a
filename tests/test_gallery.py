"""Every example of the gallery: its heading is whole, and its numbers hold to the digits written."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from autograd_explain.errors import ExplainError
from autograd_explain.lang.expect import agrees, shown
from autograd_explain.lang.program import example, gallery
from autograd_explain.pipeline import CHECKERS, explain_program
from autograd_explain.render.terminal import write
from autograd_explain.render.theme import View
from tests.programs import example_values

FEWEST = 30
LONGEST_TITLE = 60
FEWEST_DIGITS = 3
LONGEST_LINE = 120
WIDTH = 80
NOT_AGREED = {"relu-at-zero": "convention", "tie": "convention", "where-nan": "undecided"}
"""The examples whose lesson is that there is nothing to agree on, and what the checks say of them instead."""


def test_the_gallery_is_there() -> None:
    assert FEWEST <= len(gallery())
    assert [name for name in gallery() if name != name.lower() or " " in name or "_" in name] == []


@pytest.mark.parametrize("name", gallery())
def test_the_heading_says_what_is_taught(name: str) -> None:
    program = example(name)
    assert 0 < len(program.title) <= LONGEST_TITLE
    assert program.teaches.endswith(".")
    assert program.expect_error or {"result", *(program.wrt or program.defaults)} >= {t for t, _ in program.expects}


@pytest.mark.parametrize("name", [name for name in gallery() if not example(name).expect_error])
def test_the_numbers_hold_and_every_gradient_has_one(name: str) -> None:
    program = example(name)
    values = example_values(program)
    explanation = explain_program(program, values, wrt=program.wrt, checkers=CHECKERS)
    known = {"result": explanation.value, **explanation.gradients}
    assert known.keys() == dict(program.expects).keys()
    assert [] == [(t, w, shown(known[t])) for t, w in program.expects if not agrees(w, known[t])]
    assert {NOT_AGREED.get(name, "agrees")} == {check.status for check in explanation.checks}


@pytest.mark.parametrize("name", [name for name in gallery() if example(name).expect_error])
def test_an_example_of_an_error_ends_in_that_error(name: str) -> None:
    program = example(name)
    with pytest.raises(ExplainError) as raised:
        explain_program(program, example_values(program), wrt=program.wrt)
    assert program.expect_error in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize("name", [name for name in gallery() if not example(name).expect_error])
def test_it_fits_a_terminal_of_eighty_columns(name: str) -> None:
    program = example(name)
    explanation = explain_program(program, example_values(program), wrt=program.wrt)
    out = io.StringIO()
    write(explanation, View(width=WIDTH, color=False), out)
    assert [] == [line for line in out.getvalue().splitlines() if cell_len(line) > WIDTH]


@pytest.mark.parametrize("name", gallery())
def test_the_lines_of_its_file_are_short_enough_to_read(name: str) -> None:
    assert [] == [line for line in example(name).text.splitlines() if len(line) > LONGEST_LINE]


@pytest.mark.parametrize("name", gallery())
def test_an_expected_number_has_digits_that_could_be_wrong(name: str) -> None:
    for target, written in example(name).expects:
        digits = written.replace(".", "").lstrip("-[0")
        whole = "." not in written and "e" not in written
        assert whole or len(digits.split("e")[0]) >= FEWEST_DIGITS, (target, written)


def test_the_wheel_takes_the_gallery_along() -> None:
    import tomllib
    from pathlib import Path

    path = Path(__file__).resolve().parent.parent / "pyproject.toml"
    wheel = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "expressions" in wheel["only-include"]
    assert "autograd_explain/expressions" == wheel["sources"]["expressions"]
