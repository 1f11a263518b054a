"""A fault in the terminal: both engines, the parting, the damage; true arithmetic, within the width, in ASCII."""

from __future__ import annotations

import pytest

from autograd_explain import explain
from autograd_explain.explanation.faults import FAULTS
from autograd_explain.pipeline import with_fault
from autograd_explain.render.terminal import View, as_text
from autograd_explain.source import cell_width
from tests.programs import ARRAYS, EXAMPLE, FAN_OUT, LONG_LOOP, SCALAR, TWO_LAYERS, Case, case
from tests.render.printed import equations, is_true


def told(program: Case, fault: str, **view: object) -> str:
    """The text of a run with the fault beside it."""
    return as_text(with_fault(program.run(), fault), View(**{"width": 80, **view}))  # type: ignore[arg-type]


def test_both_engines_stand_side_by_side_and_the_first_difference_is_worked_out_in_both() -> None:
    text = told(FAN_OUT, "overwrite")
    assert "FORWARD" in text
    assert "BACKWARD" not in text
    assert "          x: 1 + 3 = 4                     ≠    x: 3   (1 is lost)\n" in text
    right, _, other = text.partition("PARTING   step 2 is the first to differ")[2].partition("with overwrite")
    assert "1 × 3                           = 3\n                       x: 1 + 3 = 4  (2 of 3)\n" in right
    assert "1 × 3 = 3   x: 3   (1 is lost)" in other
    assert "∂x  7                     3                     off by −4" in text


def test_no_damage_says_why_and_where_to_see_some() -> None:
    text = " ".join(told(EXAMPLE, "overwrite").split())
    assert "No visible damage here, because every value is used once: a tree has no second use" in text
    assert "autograd-explain faults overwrite" in text
    assert "PARTING" not in text


def test_shapes_that_do_not_fit_are_the_damage() -> None:
    text = " ".join(told(TWO_LAYERS, "no-transpose").split())
    assert "upstream @ W2: (3,1) @ (3,1) do not fit" in text
    assert "∂W1 none: the shapes do not fit on the way here" in text
    assert "b2 has shape" not in text
    assert "has shape (3,1), but b2 has (1)" in " ".join(told(TWO_LAYERS, "no-unbroadcast").split())


def test_brief_shows_the_damage_alone() -> None:
    text = told(FAN_OUT, "overwrite", brief=True, notes=False)
    assert [] == [word for word in ("FORWARD", "BOTH", "PARTING") if word in text]
    assert "off by −4" in text


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("program", [*SCALAR[::2], *ARRAYS[::2]], ids=str)
def test_printed_arithmetic_is_true_and_lines_keep_to_the_width(program: Case, fault: str) -> None:
    text = told(program, fault)
    assert [] == [pair for pair in equations(text) if not is_true(*pair)]
    assert [] == [line for line in text.splitlines() if cell_width(line) > 80]


@pytest.mark.parametrize("fault", FAULTS)
def test_ascii_is_ascii(fault: str) -> None:
    assert told(FAN_OUT, fault, ascii=True).isascii()


def test_a_long_run_shows_the_steps_around_the_parting() -> None:
    text = told(LONG_LOOP, "overwrite")
    assert text.count("more steps; --all prints them") >= 1
    assert len(text.splitlines()) < len(told(LONG_LOOP, "overwrite", all=True).splitlines())


def test_nothing_to_differentiate_is_no_fault() -> None:
    text = as_text(with_fault(explain("x + 1", x=1, wrt=[]), "overwrite"))
    assert "nothing is passed back at all" in " ".join(text.split())


def test_one_step_is_not_left_out_alone() -> None:
    longer = case("y = x\nfor i in range(9):\n    y = sin(y)\nrelu(y)*y**2", x=0.5)
    assert "1 more step" not in told(longer, "power-off-by-one")


def test_a_single_entry_is_off_by_a_number() -> None:
    text = " ".join(told(case("sum((x + b)**2)", x=[1.0, 2.0], b=[1.0]), "no-chain").split())
    assert "∂b [10] [2] off by −8" in text
    assert "of 1 entries" not in text


def test_the_axes_of_a_sum_are_named_for_the_faulty_engine_too() -> None:
    text = told(case("sum(w*x)", w=2, x=[1.0, 2.0, 3.0]), "wrong-operand")
    assert "→ w              [1, 1, 1] × 2 summed over axis 0 = 6" in text
