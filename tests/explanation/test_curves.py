"""A program over a range: value, slope, gaps, and where they jump."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_explain.errors import ExplainError, LimitError
from autograd_explain.explanation.curves import Curve, Over, Probe, curve, plane
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.program import read_expression
from autograd_explain.limits import Limits


def probe(text: str, *overs: Over, limits: Limits | None = None, **values: Any) -> Probe:
    chosen = limits or Limits()
    record = recorder(read_expression(text).parsed, tracked={over.name for over in overs}, limits=chosen)
    return Probe(lambda given: record(given, 0), values, overs)


def along(text: str, low: float, high: float, point: float, count: int = 101) -> Curve:
    over = Over("x", (), low, high)
    return curve(probe(text, over, x=point), over, point, count, lambda site: "")


def test_values_and_slopes_are_those_of_the_program() -> None:
    found = along("x**3 - x", -2.0, 2.0, 1.0)
    for sample in found.samples:
        assert sample.value == pytest.approx(sample.at[0] ** 3 - sample.at[0], abs=1e-12)
        assert sample.slope == pytest.approx(3 * sample.at[0] ** 2 - 1, abs=1e-12)
    assert (0.0, 2.0) == (found.point.value, found.point.slope)
    assert () == found.corners


@pytest.mark.parametrize(
    "text",
    ["x**2/x", "exp(log(x))", "log(exp(x))", "tanh(atanh(x))", "sin(x)**2 + cos(x)**2", "log1p(x) - log(1 + x)",
     "relu(x) - relu(-x)", "sin(x)/x", "sqrt(x)**2", "x*log(abs(x))"],
)  # fmt: skip
def test_rounding_makes_no_corners(text: str) -> None:
    assert () == along(text, -2.0, 2.0, 0.5).corners


@pytest.mark.parametrize(
    ("text", "x", "kind", "slopes"),
    [
        ("sqrt(x**2)", 0.0, "corner", (-1.0, 1.0)), ("sqrt((x - 1)**2)", 1.0, "corner", (-1.0, 1.0)),
        ("abs(x)/x", 0.0, "jump", None), ("1/x", 0.0, "pole", None), ("1/(x - 1)", 1.0, "pole", None),
        ("1/(x - 1)**2", 1.0, "pole", None), ("1/(x - 0.99)**2", 0.99, "pole", None), ("cbrt(x)", 0.0, "steep", None),
        ("acos(cos(x))", 0.0, "corner", (-1.0, 1.0)), ("1e-12*abs(x)", 0.0, "corner", (-1e-12, 1e-12)),
        ("sign(x)*x", 0.0, "corner", (-1.0, 1.0)),
    ],
)  # fmt: skip
def test_what_breaks_at_a_place_that_is_looked_at_is_found(text: str, x: float, kind: str, slopes: Any) -> None:
    (corner,) = along(text, -2.0, 2.0, 0.5).corners
    assert (pytest.approx(x, abs=1e-9), kind) == (corner.x, corner.kind)
    assert slopes is None or pytest.approx(slopes, rel=1e-3) == (corner.left.slope, corner.right.slope)


def test_a_corner_whose_slopes_are_hard_to_see_near_by() -> None:
    first, second = along("asin(sin(x))", -2.0, 2.0, 0.5).corners
    assert (pytest.approx(-math.pi / 2), pytest.approx(math.pi / 2)) == (first.x, second.x)
    assert [pytest.approx(s, rel=1e-3) for s in (-1, 1)] == [first.left.slope, first.right.slope]


def test_a_slope_that_is_0_at_a_corner_is_told_as_0_and_with_its_operation() -> None:
    first, _ = along("maximum(x, x**2)", -2.0, 2.0, 0.5).corners
    assert (0.0, 1.0) == (first.left.slope, pytest.approx(first.right.slope))


@settings(max_examples=20, deadline=None)
@given(place=st.floats(-0.9, 0.9).filter(lambda x: abs(x) > 1e-3), low=st.floats(-1.3, -1.0))
def test_a_corner_is_found_wherever_it_lies(place: float, low: float) -> None:
    (corner,) = along(f"abs(x - ({place!r}))", low, 1.0, 0.0).corners
    assert "corner" == corner.kind
    assert corner.x == pytest.approx(place, abs=1e-8)
    assert (-1.0, 1.0) == (corner.left.slope, corner.right.slope)


def test_kinds_of_places() -> None:
    kinds = {text: [c.kind for c in along(text, -1.0, 1.9, 0.45, 117).corners]
             for text in ("abs(x)", "floor(x + 0.3)", "1/x", "1/x**2", "sqrt(abs(x))", "x + 0*abs(x)")}  # fmt: skip
    assert {"abs(x)": ["corner"], "floor(x + 0.3)": ["jump", "jump", "jump"], "1/x": ["pole"], "1/x**2": ["pole"],
            "sqrt(abs(x))": ["steep"], "x + 0*abs(x)": []} == kinds  # fmt: skip


def test_no_number_is_a_gap_and_no_run_is_told() -> None:
    found = along("log(x)", -1.0, 1.0, 0.5)
    assert all(math.isnan(s.value) and math.isnan(s.slope) for s in found.samples if s.at[0] < 0)
    over = Over("n", (), 0.0, 3.0)
    stops = curve(probe("x = [1, 2]\nx[n]*n", over, n=1.0), over, 1.0, 4, lambda site: "")
    assert [False, False, True, True] == [math.isnan(sample.value) for sample in stops.samples]
    assert stops.failures


def test_the_point_must_run_and_limits_hold() -> None:
    over = Over("n", (), 0.0, 1.0)
    with pytest.raises(ExplainError):
        curve(probe("x = [1, 2]\nx[n]*n", over, n=7.0), over, 7.0, 4, lambda site: "")
    endless = probe("while x < 5:\n    x = x - 1\nx", Over("x", (), 4.0, 9.0), x=6.0, limits=Limits(statements=500))
    with pytest.raises(LimitError):
        curve(endless, Over("x", (), 4.0, 9.0), 6.0, 5, lambda site: "")


def test_a_plane_has_values_gradients_and_the_sum_of_entries() -> None:
    overs = Over("x", (1,), -1.0, 1.0), Over("y", (), 0.0, 2.0)
    found = plane(probe("x*y", *overs, x=np.array([3.0, 0.5]), y=1.0), overs, (0.5, 1.0), (3, 2))
    assert 2 == found.entries
    assert (3.5, (1.0, 3.5)) == (found.point.value, found.point.slopes)
    assert [[0.0, 0.0, 0.0], [4.0, 6.0, 8.0]] == [[sample.value for sample in row] for row in found.rows]
