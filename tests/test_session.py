"""Values recorded line by line: gradients that add up, what is let go, and what is written over."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain, functions, no_grad, record, session
from autograd_explain.errors import ExplainError, InputError, NameProblem, ShapeError


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(session)
    assert (0, True) == (result.failed, result.attempted > 2)


def test_a_second_pass_adds_to_the_leaves_only() -> None:
    with record() as run:
        a = run.input("a", 1.0)
        b = a + a
        c = b + b
        c.backward()
        assert (4.0, None, None) == (a.grad, b.grad, c.grad)
        c.backward()
        assert 8.0 == a.grad
    assert [(1, "a", 0.0, 4.0, 4.0), (2, "a", 4.0, 4.0, 8.0)] == [
        (e.backward, e.name, e.before, e.amount, e.after) for e in run.ledger()
    ]
    assert "a   4 + 4 = 8" in str(run.ledger())


def test_zero_grad_clears() -> None:
    with record() as run:
        a = run.input("a", 1.0)
        b = a + a
        b.backward()
        run.zero_grad()
        assert a.grad is None
        b.backward()
        assert 2.0 == a.grad


def test_an_inner_value_collects_where_asked() -> None:
    with record() as run:
        a = run.input("a", 1.0)
        b = a + a
        b.retain_grad()
        c = b + b
        c.backward()
        c.backward()
    assert (8.0, 4.0) == (a.grad, b.grad)  # as torch 2.13 has it


def test_retaining_what_is_not_tracked() -> None:
    with record() as run:
        a = run.input("a", 1.0, tracked=False)
        with pytest.raises(ExplainError, match="a is not tracked"):
            a.retain_grad()
        with pytest.raises(ExplainError, match="depends on no tracked input"):
            (a * 2).backward()


def test_a_second_pass_over_saved_values_says_what_is_gone() -> None:
    with record() as run:
        w, x = run.input("w", 3.0), run.input("x", 2.0)
        y = w * x + 1
        y.backward()
        with pytest.raises(ExplainError) as caught:
            y.backward()
        told = "v1 = w*x has let go of what it saved (w, x): a backward pass from v2 has used it"
        assert told == caught.value.message
        assert "v2.backward(retain=True)" in caught.value.hint
        assert (2.0, 3.0) == (w.grad, x.grad)  # the refused pass added nothing


def test_retain_keeps_what_was_saved() -> None:
    with record() as run:
        x = run.input("x", 3.0)
        y = x * x
        y.backward(retain=True)
        y.backward()
        assert 12.0 == x.grad
        with pytest.raises(ExplainError, match="let go"):
            y.backward()


def test_an_array_written_over_after_it_was_saved() -> None:
    with record() as run:
        x = run.input("x", [1.0, 2.0])
        h = x * 3
        y = functions.sum(h * h)
        h[0] = 5.0
        with pytest.raises(ExplainError) as caught:
            y.backward()
    assert "saved v1 at version 0, and it was written to since: it is at version 1" in caught.value.message
    assert caught.value.message.startswith("v2 = v1*v1")


def test_an_array_written_to_before_it_is_used_passes_no_gradient_there() -> None:
    with record() as run:
        x = run.input("x", [1.0, 2.0])
        h = x * 3
        h[0] = 5.0
        functions.sum(h * h).backward()
        np.testing.assert_array_equal([5.0, 6.0], h.value)
        np.testing.assert_array_equal([0.0, 36.0], x.grad)  # as torch 2.13 has it


def test_writing_a_recorded_value_passes_its_gradient() -> None:
    with record() as run:
        x, s = run.input("x", [1.0, 2.0]), run.input("s", 4.0)
        h = x * 3
        h[1] = s * 2
        functions.sum(h * h).backward()
    np.testing.assert_array_equal([18.0, 0.0], x.grad)
    assert 32.0 == s.grad


def test_an_input_is_not_written_to_but_in_no_grad() -> None:
    with record() as run:
        x = run.input("x", [1.0, 2.0])
        with pytest.raises(ExplainError, match="x is an input") as caught:
            x[0] = 3.0
        assert "no_grad" in caught.value.hint
        y = functions.sum(x * x)
        with no_grad():
            x[0] = 7.0
        with pytest.raises(ExplainError, match=r"saved x at version 0, .* at version 1"):
            y.backward()
        functions.sum(x * x).backward()
        np.testing.assert_array_equal([14.0, 4.0], x.grad)


def test_gradient_descent_line_by_line() -> None:
    with record() as run:
        w = run.input("w", [4.0])
        for _ in range(60):
            run.zero_grad()
            functions.sum((w - 1) ** 2).backward()
            with no_grad():
                w[0] = w.value[0] - 0.2 * w.grad[0]
    assert pytest.approx(1.0) == w.value[0]


def test_arrays_and_upstreams() -> None:
    with record() as run:
        x = run.input("x", [1.0, 2.0])
        (x * 2).backward([1.0, 10.0])
        np.testing.assert_array_equal([2.0, 20.0], x.grad)
        x.grad[0] = 99.0
        np.testing.assert_array_equal([2.0, 20.0], x.grad)
        with pytest.raises(ExplainError, match="upstream has shape"):
            (x * 2).backward(1.0)


def test_a_session_is_explained() -> None:
    with record() as run:
        w, x = run.input("w", 3.0), run.input("x", 2.0, tracked=False)
        y = functions.sigmoid(w * x)
        told = run.explain(y)
    text = explain("sigmoid(w*x)", w=3, x=2, wrt=["w"])
    assert text.gradients == told.gradients
    assert "∂w" in str(told)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda run, x: run.input("x", 1.0), "is not a new name"),
        (lambda run, x: run.input("2x", 1.0), "is not a new name"),
        (lambda run, x: run.input("y", "text"), "y is not a number"),
        (lambda run, x: x.__setitem__(0, 1.0), "a number has no entries"),
        (lambda run, x: run.backward(3.0), "not recorded in this session"),
    ],
)
def test_what_is_refused(wrong: Any, said: str) -> None:
    with record() as run:
        x = run.input("x", 1.0)
        with pytest.raises((InputError, NameProblem), match=said):
            wrong(run, x)


def test_outside_a_session() -> None:
    with pytest.raises(ExplainError, match="not recorded in a session"):
        explain(lambda x: x.backward(), x=1.0)


@pytest.mark.parametrize("start", [1.0, [1.0, 5.0]])
def test_an_update_in_place_is_that_of_pytorchs_loop(start: Any) -> None:
    with record() as run:
        w = run.input("w", start)
        for _ in range(3):
            loss = functions.sum((w - 3) ** 2)
            loss.backward()
            with no_grad():
                w -= 0.25 * w.grad
            run.zero_grad()
    assert run.inputs["w"] is w
    expected = 3.0 + (np.array(start) - 3.0) / 8  # each step halves the way
    np.testing.assert_array_equal(expected, w.value)
    assert w.tracked


def test_what_was_made_before_an_update_cannot_be_walked_back_after_it() -> None:
    with record() as run:
        w = run.input("w", 2.0)
        loss = w * w
        with no_grad():
            w *= 3.0
        with pytest.raises(ExplainError, match="saved w at version 0"):
            loss.backward()
        with no_grad(), pytest.raises(ShapeError, match="its update"):
            w += np.ones(2)


def test_outside_of_no_grad_it_is_a_new_value() -> None:
    with record() as run:
        w = run.input("w", 2.0)
        v = w
        v -= 1.0
        assert v is not w
        assert (2.0, 1.0) == (w.value, v.value)
