"""An explanation: what it says of a run, and that it says nothing before it is asked."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.core import formula
from autograd_explain.render.terminal import View, header
from tests.programs import EXAMPLE, TWO_LAYERS, case


def chain(run: Any, width: int = 80) -> str:
    """The last line of the view's head: the way from the inputs to the result."""
    view = View(width=width)
    text = [line.render(view) for line in header(run, view)][-1].strip()
    return text if text.endswith("= result") else ""


def test_the_chain_goes_from_the_inputs_to_the_result() -> None:
    assert "w, x → w·x → w·x + b → σ(…) → 1 − σ(…) → (…)² = result" == chain(EXAMPLE.run())


def test_the_chain_of_one_operation() -> None:
    assert "x → x² = result" == chain(explain("x**2", x=3))


def test_no_chain_for_a_program_with_loops() -> None:
    assert chain(explain("for i in range(2):\n    x = x*x\nx", x=3)) == ""


def test_no_chain_where_it_has_no_room() -> None:
    assert chain(EXAMPLE.run(), width=40) == ""


def test_value_and_gradients() -> None:
    run = explain("w*x + b", w=2, x=3, b=1)
    assert 7.0 == run.value
    assert {"w": 3.0, "x": 2.0, "b": 1.0} == run.gradients


def test_inputs_stand_in_order_of_first_use_unused_ones_last() -> None:
    run = explain("u = 0*w\nb*a + w", a=1, b=2, w=3)
    assert ["w", "b", "a"] == [record.name for record in run.inputs]
    run = explain(lambda a, b, c: c * a, a=1, b=2, c=3)
    assert ["c", "a", "b"] == [record.name for record in run.inputs]


def test_an_input_without_a_path_has_gradient_zero() -> None:
    run = explain("y = 2*x\nx + z*0 + [1, 2]", x=[1.0, 2.0], z=3)
    assert 0.0 == run.gradients["z"]
    run = explain("y = 2*u\nx", x=1, u=[1.0, 2.0])
    np.testing.assert_array_equal([0.0, 0.0], run.gradients["u"])


def test_the_result_may_be_an_input() -> None:
    run = explain("x", x=3)
    assert (3.0, {"x": 1.0}, []) == (run.value, run.gradients, list(run.steps))


def test_gradients_have_the_shapes_of_the_inputs() -> None:
    run = TWO_LAYERS.run()
    for record in run.inputs:
        assert record.shape == np.shape(run.gradients[record.name])


def test_uses_are_counted_per_value() -> None:
    run = explain("x*x + x", x=3)
    assert 3 == run.uses[run.recording.inputs["x"].index]


def test_branches_carry_their_text() -> None:
    [branch] = explain("if x > 1:\n    x = 2*x\nx", x=3).branches
    assert ("x > 1", True) == (branch.condition, branch.taken)


def test_scopes_carry_their_titles() -> None:
    run = explain("def f(t): return t*t\nf(f(x))", x=3)
    assert ["f(f(x))", "f(x)"] == sorted((scope.title for scope in run.scopes), key=len, reverse=True)


def test_texts_are_made_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("a formula was made")

    monkeypatch.setattr(formula.Formula, "__init__", refuse)
    run = EXAMPLE.run()
    assert -3.3170323732750e-06 == pytest.approx(run.gradients["w"])
    with pytest.raises(AssertionError, match="a formula was made"):
        list(run.nodes)


def test_a_long_run_is_ready_at_once_and_walks_lazily() -> None:
    run = case("for i in range(20000):\n    x = x*1.0001\nx", x=1).run()
    run.words.rule = Mock(wraps=run.words.rule)
    first = next(iter(run.steps))
    assert 1 == first.step
    assert 1 == run.words.rule.call_count


def test_reading_twice_gives_the_same() -> None:
    run = EXAMPLE.run()
    assert run.to_dict() == run.to_dict()
    assert str(run) == str(run)


def test_repr_names_source_and_value() -> None:
    assert "<Explanation of 'x*2': value 6.0>" == repr(explain("x*2", x=3))
