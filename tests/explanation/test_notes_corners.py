"""Notes about corners and ties: they speak of this run, and only where the sides differ."""

from __future__ import annotations

import pytest

from tests.explanation.told import only, told
from tests.programs import Case, case


def test_a_corner_of_an_array_is_counted() -> None:
    [note] = told(case("sum(relu(x))", x=[0, 2, 0]), "kink")
    assert "x = 0 (2 of 3 places)" in note.text


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("clip(y, 0, 2)", y=2), "clip has a corner at y = 2: the slope from the left is 1, from the right 0."),
        (case("hardtanh(y)", y=-1), "hardtanh has a corner at y = −1: the slope from the left is 0, from the right 1."),
        (case("leaky_relu(y, 0.2)", y=0), "the slope from the left is 0.2, from the right 1."),
        (case("abs(2*y)", y=0), "abs has a corner at v1 = 0"),
        (case("norm(y)", y=[0, 0]), "norm has a corner where every entry is 0"),
        (case("hypot(y, y)", y=0), "hypot has a corner at y = 0"),
        (case("hypot(y, 0)", y=0), "hypot has a corner at y = 0: along y alone the slope"),
        (case("hypot(0, y)", y=0), "hypot has a corner at y = 0: along y alone the slope"),
        (case("hypot(y, z)", y=0, z=0), "hypot has a corner at y = z = 0: along y or z alone the slope"),
        (case("atan2(y, 0)", y=0), "atan2 has a corner at y = 0: there is no slope"),
    ],
    ids=str,
)
def test_a_corner_speaks_of_this_run(program: Case, part: str) -> None:
    assert part in only(program, "kink")


def test_where_both_sides_agree_there_is_no_corner() -> None:
    assert [] == told(case("elu(x)", x=0), "kink")
    assert told(case("elu(x, 2)", x=0), "kink")


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("maximum(p, q)", p=2, q=2), "maximum has a tie: p = q. Raise one of them and it alone counts"),
        (case("maximum(p, q)", p=2, q=2), "Who gets the gradient is a convention: they share it equally, ½ each"),
        (case("max(p)", p=[3, 1, 3, 3]), "they share it equally, 1/3 each"),
    ],
    ids=str,
)
def test_a_tie_says_that_sharing_is_a_convention(program: Case, part: str) -> None:
    assert part in only(program, "tie")
