"""The checks by PyTorch and JAX: they agree, find faults, know corners and lost digits, and are missed politely."""

from __future__ import annotations

import builtins
import importlib.util
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.check import jax as by_jax
from autograd_explain.check import pytorch
from autograd_explain.check.result import CheckResult
from autograd_explain.check.run import check
from autograd_explain.lang.program import example, gallery
from autograd_explain.pipeline import explain_program
from tests.programs import example_values

LIBRARIES = ("torch", "jax")
FEWEST_DIGITS = 10


@pytest.fixture(params=LIBRARIES)
def library(request: Any) -> str:
    """Each library that is installed."""
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def verdicts(source: str, library: str, values: dict[str, Any], **settings: Any) -> dict[str, CheckResult]:
    """The verdict on each gradient."""
    explanation = explain(source, values, check=[library], **settings)
    assert all(result.checker == library for result in explanation.checks)
    return {result.target: result for result in explanation.checks}


def test_they_agree_on_the_gallery() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    tried = 0
    for name in gallery():
        program = example(name)
        if program.expect_error:
            continue
        values = example_values(program)
        checks = explain_program(program, values, wrt=program.wrt, checkers=["torch"]).checks
        assert {"agrees"} == {result.status for result in checks}, name
        assert all((result.digits or 0) >= FEWEST_DIGITS for result in checks), name
        tried += len(checks)
    assert tried > 60


def test_they_agree_on_arrays_seeds_and_second_uses(library: str) -> None:
    values = {"X": [[1.0, 2.0], [3.0, -1.0]], "w": [0.5, 0.25], "ids": [1, 0, 1]}
    found = verdicts("tanh(X @ w)[ids]*w[0]", library, values, upstream=[1.0, -2.0, 0.5])
    assert {"X": "agrees", "w": "agrees"} == {name: result.status for name, result in found.items()}
    assert np.allclose(found["X"].ours, found["X"].theirs, rtol=1e-12)


def test_a_wrong_rule_of_the_program_differs(library: str) -> None:
    rule = "@backward_of(cube)\ndef rule(upstream, out, t): return upstream*2*t**2"
    source = f"def cube(t): return t*t*t\n{rule}\ncube(w*x)"
    found = verdicts(source, library, {"w": 0.5, "x": 2.0})
    assert {"differs"} == {result.status for result in found.values()}
    assert "cube" in found["w"].why
    right = verdicts(source.replace("2*t**2", "3*t**2"), library, {"w": 0.5, "x": 2.0})
    assert {"agrees"} == {result.status for result in right.values()}


def test_a_recorded_number_that_is_wrong_differs(library: str) -> None:
    explanation = explain("w*x", w=3.0, x=2.0)
    explanation.sweep.gradients[explanation.recording.inputs["w"].index] = 2.5
    found = check(explanation.recording, explanation.sweep, [library])
    assert {"w": "differs", "x": "agrees"} == {result.target: result.status for result in found}


def test_another_choice_at_a_corner_is_a_convention(library: str) -> None:
    found = verdicts("hypot(x, y)", library, {"x": 0.0, "y": 0.0})
    assert {"convention"} == {result.status for result in found.values()}
    assert "hypot" in found["x"].why


def test_digits_that_the_other_library_loses_are_not_held_against_ours(library: str) -> None:
    found = verdicts("sigmoid(x)", library, {"x": 40.0})["x"]
    assert "undecided" == found.status
    assert "loses digits" in found.why
    assert 0.0 < found.ours < 1e-17


def test_nan_meets_nan(library: str) -> None:
    found = verdicts("sum(where(x > 0, sqrt(x), 0))", library, {"x": [4.0, 0.0]})["x"]
    assert "agrees" == found.status
    assert "nan" in found.why


def test_a_run_that_is_too_long_is_undecided(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_jax if library == "jax" else pytorch, "LONGEST", 3)
    found = verdicts("x*x + sin(x)", library, {"x": 2.0})["x"]
    assert "undecided" == found.status
    assert "too long" in found.why


@pytest.mark.parametrize("library_name", LIBRARIES)
def test_a_library_that_is_missing_is_said_with_how_to_get_it(
    library_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == library_name:
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    found = verdicts("x*x", library_name, {"x": 2.0})["x"]
    assert "undecided" == found.status
    assert f"pip install {library_name}" in found.why
    assert found.theirs is None


def test_settings_of_the_libraries_are_left_as_they_were(library: str) -> None:
    verdicts("x*x", library, {"x": 2.0})
    if library == "torch":
        import torch

        assert torch.float32 == torch.get_default_dtype()
    else:
        import jax.numpy as jnp

        assert jnp.float32 == jnp.asarray(1.0).dtype
