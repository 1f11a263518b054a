"""The checkers by name, and what is loaded when."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from autograd_explain.check.run import check
from autograd_explain.errors import InputError


def test_one_verdict_for_each_checker_and_tracked_input(written: Any) -> None:
    run = written("x*y + z", x=1.0, y=2.0, z=3.0, wrt=["x", "y"])
    verdicts = check(run.recording, run.sweep, ("finite", "symbolic"))
    assert [("finite", "x"), ("finite", "y"), ("symbolic", "x"), ("symbolic", "y")] == [
        (v.checker, v.target) for v in verdicts
    ]


def test_an_input_the_result_does_not_depend_on_agrees_with_zero(written: Any) -> None:
    for verdict in check(*_of(written("x**2", x=3.0, y=2.0))):
        if verdict.target == "y":
            assert ("agrees", 0.0, 0.0) == (verdict.status, verdict.ours, verdict.theirs)


def _of(run: Any) -> Any:
    return run.recording, run.sweep


def test_a_checker_there_is_not_is_refused_with_those_there_are(written: Any) -> None:
    run = written("x", x=1.0)
    with pytest.raises(InputError, match="unknown checker 'sympi'") as refusal:
        check(run.recording, run.sweep, ("sympi",))
    assert "symbolic, finite, torch, jax" in refusal.value.hint


def test_sympy_and_mpmath_are_loaded_only_when_asked() -> None:
    code = (
        "import sys, autograd_explain, autograd_explain.ops\n"
        "import autograd_explain.check.run, autograd_explain.check.result\n"
        "print(sorted({'sympy', 'mpmath'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_same_check_twice_says_the_same(written: Any) -> None:
    run = written("sum(tanh(x)*softplus(x))", x=[0.3, 1.0, -0.2])
    assert repr(check(*_of(run))) == repr(check(*_of(run)))


def test_nothing_is_left_changed(written: Any) -> None:
    import mpmath

    before = mpmath.mp.dps
    run = written("x**3", x=1.5)
    gradients = list(run.sweep.gradients)
    check(*_of(run))
    assert before == mpmath.mp.dps
    assert gradients == run.sweep.gradients
