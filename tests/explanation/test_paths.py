"""The sum over paths: every path once, its product, its cost, and where it is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import ExplainError, LimitError
from autograd_explain.explanation.paths import MOST_PATHS, labels_of, multiplications, paths
from autograd_explain.render.as_json import pieces
from tests.golden.views import text_of
from tests.programs import ARRAYS, SCALAR, Case
from tests.render.printed import equations, is_true


def with_paths(source: Any, **values: Any) -> Any:
    run = explain(source, **values)
    run.paths = paths(run)
    return run


@pytest.mark.parametrize("program", SCALAR, ids=str)
def test_the_paths_add_up_to_the_reverse_gradient(program: Case) -> None:
    run = program.run()
    for name, own in paths(run).items():
        products = [path.product for path in own]
        room = 1e-12 * (1.0 + sum(map(abs, products)))
        assert run.gradients[name] == pytest.approx(math.fsum(products), abs=room)


def test_the_textbook_paths() -> None:
    run = with_paths("log(x1) + x1*x2 - sin(x2)", x1=2, x2=5)
    assert [["x1", "v1", "v3", "v5"], ["x1", "v2", "v3", "v5"]] == [labels_of(run, p) for p in run.paths["x1"]]
    assert [0.5, 5.0] == [path.product for path in run.paths["x1"]]
    assert [(2.0, 1.0, 1.0), (math.cos(5), -1.0)] == [path.locals for path in run.paths["x2"]]
    assert (11, 8) == multiplications(run, run.paths)


def test_a_value_on_both_sides_is_two_paths() -> None:
    assert [3.0, 3.0] == [path.product for path in with_paths("x*x", x=3).paths["x"]]


def test_no_path_and_the_path_of_no_length() -> None:
    run = with_paths("y = 2*z\nx", x=3, z=1)
    assert [] == run.paths["z"]
    assert [(1.0, ())] == [(path.product, path.locals) for path in run.paths["x"]]


def test_the_upstream_is_a_factor_of_every_path() -> None:
    run = explain("x*x", x=3, upstream=10.0)
    assert [30.0, 30.0] == [path.product for path in paths(run)["x"]]


def test_a_structured_operation_on_one_number_is_one_slope() -> None:
    assert [(0.0, 6.0, 1.0)[1:]] == [path.locals for path in with_paths("mean(x**2)", x=3).paths["x"]]


def test_untracked_inputs_have_no_paths() -> None:
    run = explain("x*y", x=2, y=3, wrt=["x"])
    assert ["x"] == list(paths(run))


@pytest.mark.parametrize("program", ARRAYS, ids=str)
def test_the_paths_of_arrays_add_up_to_the_reverse_gradient(program: Case) -> None:
    run = program.run()
    for name, own in paths(run).items():
        total = sum(path.product for path in own)
        np.testing.assert_allclose(run.gradients[name], total, rtol=1e-12, atol=1e-12)
        assert all(np.shape(path.product) == np.shape(run.gradients[name]) for path in own)


def test_each_use_of_an_array_is_a_path() -> None:
    run = with_paths("y = x*x\nsum(y*y) + sum(x)", x=[1, 2])
    assert 5 == len(run.paths["x"])
    assert [[1.0, 8.0]] * 4 == sorted(path.product.tolist() for path in run.paths["x"])[1:]
    text = text_of(run, width=80)
    assert "x   5 paths" in text
    assert "rules applied: 18 along the paths, 8 in the reverse sweep" in text
    assert "take the upstream back through the rules on one path alone" in " ".join(text.split())
    assert "the sum, entry by entry = [5, 33]" in text


def test_large_arrays_are_too_many_entries() -> None:
    with pytest.raises(LimitError, match=r"200,000 entries .* takes 100,000 at most") as caught:
        paths(explain("sum(x*x)", x=np.ones(100_000)))
    assert "without --paths" in str(caught.value.hint)


def doubling(turns: int) -> str:
    return f"for i in range({turns}):\n    x = x + x*0.5\nx"


def test_as_many_as_are_taken() -> None:
    assert 512 == len(paths(explain(doubling(9), x=1))["x"])


def test_the_cap_is_said_and_why_reverse_mode_needs_none() -> None:
    with pytest.raises(LimitError, match=f"1,024 paths.*{MOST_PATHS:,}") as caught:
        paths(explain(doubling(10), x=1))
    assert "30 multiplications" in caught.value.hint


def test_counting_takes_no_time_however_many_paths() -> None:
    with pytest.raises(LimitError, match=r"about 10\^301 paths"):
        paths(explain(doubling(1000), x=1e-200))


def test_a_path_may_be_long() -> None:
    run = with_paths("for i in range(5000):\n    x = x*1.0001\nx", x=1)
    assert run.gradients["x"] == pytest.approx(run.paths["x"][0].product, rel=1e-12)
    assert "the product of 5000 slopes" in text_of(run, width=80)


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("program", SCALAR, ids=str)
def test_printed_arithmetic_is_true_and_keeps_to_the_width(program: Case, width: int) -> None:
    run = program.run()
    run.paths = paths(run)
    text = text_of(run, width=width).split("PATHS")[1].split("GRADIENTS")[0]
    assert [] == [pair for pair in equations(text) if not is_true(*pair)]
    assert [] == [line for line in text.splitlines() if len(line) > width]


def test_text_names_what_is_multiplied() -> None:
    text = text_of(with_paths("log(x1) + x1*x2 - sin(x2)", x1=2, x2=5), width=80)
    assert "x1 → v2 → v3 → v5           5 × 1 × 1" in text
    assert "multiplications: 11 along the paths, 8 in the reverse sweep" in text
    assert "there is nothing to factor" in text_of(with_paths("sin(exp(x))", x=1), width=200)


def test_json_has_paths_only_where_asked() -> None:
    run = with_paths("x*y + x", x=2, y=3)
    written = json.loads("".join(pieces(run)))
    assert written == run.to_dict()
    assert [{"nodes": [0, 2, 3], "product": 3.0}, {"nodes": [0, 3], "product": 1.0}] == written["paths"]["x"]
    assert "paths" not in explain("x", x=1).to_dict()


def test_an_error_is_of_the_family() -> None:
    with pytest.raises(ExplainError):
        paths(explain(lambda x: x @ x, x=np.ones(200_000)))
