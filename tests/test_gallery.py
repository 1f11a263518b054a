"""Every example of the gallery: its heading is whole, and its numbers hold to the digits written."""

from __future__ import annotations

import pytest

from autograd_explain.lang.expect import agrees, shown
from autograd_explain.lang.program import bind_values, example, gallery
from autograd_explain.lang.values import read_values
from autograd_explain.pipeline import CHECKERS, explain_program

FEWEST = 12
LONGEST_TITLE = 60
FEWEST_DIGITS = 3


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
    values = read_values(bind_values(program, {}))
    explanation = explain_program(program, values, wrt=program.wrt, checkers=CHECKERS)
    known = {"result": explanation.value, **explanation.gradients}
    assert known.keys() == dict(program.expects).keys()
    assert [] == [(t, w, shown(known[t])) for t, w in program.expects if not agrees(w, known[t])]
    assert {"agrees"} == {check.status for check in explanation.checks}


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
