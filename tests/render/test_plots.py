"""Curves in characters: the right rows for known functions, gaps where there is no value, in dots and in ASCII."""

from __future__ import annotations

import math

import pytest

from autograd_explain.core.registry import OPERATIONS
from autograd_explain.render.plots import curves, drawable

CURVES = sorted(name for name, op in OPERATIONS.items() if drawable(op))
WIDTH = 60


def halves(name: str, *, ascii_only: bool = True) -> tuple[list[str], list[str]]:
    """The rows inside the axes of the function and of its derivative, top row first."""
    lines = list(curves(OPERATIONS[name], WIDTH, ascii_only=ascii_only))
    second = next(i for i, line in enumerate(lines) if line.startswith("its derivative"))
    inside = [[line.partition("|")[2] for line in half if "|" in line] for half in (lines[:second], lines[second:])]
    return inside[0], inside[1]


def places(rows: list[str]) -> list[tuple[int, int]]:
    """Row and column of every star."""
    return [(r, c) for r, row in enumerate(rows) for c, mark in enumerate(row) if mark == "*"]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("name", CURVES)
def test_every_curve_is_drawn_within_the_width(name: str, ascii_only: bool) -> None:
    lines = list(curves(OPERATIONS[name], WIDTH, ascii_only=ascii_only))
    assert all(len(line) <= WIDTH for line in lines)
    assert not ascii_only or all(line.isascii() for line in lines)
    assert all(any(row.strip() for row in half) for half in halves(name, ascii_only=ascii_only))


def test_relu_is_flat_and_then_rises_and_its_slope_jumps() -> None:
    function, slope = halves("relu")
    middle = (max(c for _, c in places(function))) / 2
    assert {8} == {r for r, c in places(function) if c < middle - 1}
    rising = sorted((c, -r) for r, c in places(function) if c > middle + 1)
    assert [height for _, height in rising] == sorted(height for _, height in rising)
    assert {0, 8} == {r for r, _ in places(slope)}
    assert max(c for r, c in places(slope) if r == 8) <= min(c for r, c in places(slope) if r == 0)


def test_where_there_is_no_value_nothing_is_drawn() -> None:
    function, slope = halves("log")
    middle = max(c for _, c in places(function)) / 2
    assert min(c for _, c in places(function)) >= math.floor(middle)
    assert min(c for _, c in places(slope)) >= math.floor(middle)


def test_jumps_are_not_joined() -> None:
    function, slope = halves("sign")
    assert {0, 8} == {r for r, _ in places(function) if r != 4}
    assert {4} == {r for r, _ in places(slope)}


def test_dots_reach_the_top_row_and_the_bottom_row() -> None:
    for rows in halves("relu", ascii_only=False):
        assert rows[0].strip()
        assert rows[-1].strip()


def test_what_is_no_curve_is_not_drawable() -> None:
    assert [] == [name for name in ("sum", "clip", "matmul", "detach", "where", "gt") if drawable(OPERATIONS[name])]


def test_of_two_arguments_one_is_held() -> None:
    lines = list(curves(OPERATIONS["hypot"], WIDTH, ascii_only=True))
    assert any(line == "hypot(x, y) while y is held at 1.5" for line in lines)
    assert any(line == "its derivative by x, y held at 1.5" for line in lines)
    function, slope = halves("maximum")
    assert {8} == {r for r, c in places(function) if c < max(c for _, c in places(function)) * 0.6}
    assert {0, 8} == {r for r, _ in places(slope) if r != 4}


def test_a_slice_is_that_of_the_function() -> None:
    function, _ = halves("pow")
    assert all(c >= 20 for _, c in places(function))  # x**1.5 has no value left of 0
