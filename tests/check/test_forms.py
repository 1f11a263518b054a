"""Closed forms: what they look like, where they are worked out, and when they are not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import mpmath
import pytest

from autograd_explain.check import closed
from autograd_explain.check.budget import Clock
from autograd_explain.check.chain import precise_chain


def _forms(run: Any) -> Any:
    targets = {name: node for name, node in run.recording.inputs.items() if node.tracked}
    return closed.closed_forms(run.sweep, targets, precise_chain(run.sweep, list(targets.values()), Clock(5.0)))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x*x + x", "2*x + 1"),
        ("0.1*x**2", "2*0.1*x"),
        ("-0.5*x", "-0.5"),
        ("abs(x)", "where(x >= 0, 1, -1)"),
        ("where(x > 1, x**2, sin(x))", "where(x > 1, 2*x, cos(x))"),
        ("x/x", "0"),
        ("exp(1)*x", "2.718281828459045"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("floor(x)*x", "floor(x)"),
        ("x*detach(x**2)", "detach(x**2)"),
        ("1e20*x**3", "3*1e+20*x**2"),
    ],
)
def test_the_text_is_in_the_language(written: Any, text: Any, formula: Any) -> None:
    assert {"x": formula} == _forms(written(text, x=2.0)).formulas


def test_the_closed_form_comes_to_what_the_chain_comes_to(written: Any) -> None:
    found = _forms(written("gelu(x)*atan2(x, y)/cbrt(y) - elu(x*y, 0.3)**y", x=0.7, y=1.9))
    assert found.notes == {}


def test_a_closed_form_that_comes_to_something_else_is_told(written: Any) -> None:
    run = written("x**3", x=2.0)
    chain = precise_chain(run.sweep, [run.recording.inputs["x"]], Clock(5.0))
    chain.precise[run.recording.inputs["x"].index] = mpmath.mpf(13)
    found = closed.closed_forms(run.sweep, {"x": run.recording.inputs["x"]}, chain)
    assert "the closed form comes to 12.0, the chain to 13.0" in found.notes["x"]


def test_middle_sized_ones_are_worked_out_in_a_process_of_their_own(written: Any, monkeypatch: Any) -> None:
    text = "+".join(f"sin({k}*x)*exp(-x/{k})" for k in range(2, 14))
    run = written(text, x=0.7)
    asked = []
    real = subprocess.run
    monkeypatch.setattr(closed.subprocess, "run", lambda *args, **more: asked.append(args[0]) or real(*args, **more))
    found = _forms(run)
    assert [["-m", "autograd_explain.check.worker"]] == [command[-2:] for command in asked]
    assert "x" in found.formulas
    assert found.notes == {}


def test_a_process_that_does_not_finish_is_stopped_and_told(written: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(closed, "WORKER_SECONDS", 0.01)
    run = written("+".join(f"sin({k}*x)*exp(-x/{k})" for k in range(2, 14)), x=0.7)
    assert "did not finish" in _forms(run).note
    assert run.status("symbolic") == {"x": "agrees"}


def test_large_ones_are_not_and_it_is_said(written: Any) -> None:
    run = written("for i in range(25):\n  x = r*x*(1 - x)\nx", x=0.3, r=3.7)
    found = _forms(run)
    assert found.formulas == {}
    assert "no closed form" in found.note


def test_powers_of_powers_of_numbers_are_never_worked_out(written: Any) -> None:
    run = written("(x/x)**64**2*x", x=2.0)
    assert "powers are too high" in _forms(run).note
    assert run.status("symbolic") == {"x": "agrees"}


def test_the_worker_reads_data_and_writes_data() -> None:
    rows = [
        {"value": (2.0).hex(), "tracked": True, "name": "x", "op": None, "inputs": [], "options": {}},
        {"value": (4.0).hex(), "tracked": True, "name": None, "op": "mul", "inputs": [0, 0], "options": {}},
    ]
    task = {"rows": rows, "seed": (3.0).hex(), "digits": 50}
    done = subprocess.run(
        [sys.executable, "-m", "autograd_explain.check.worker"],
        input=json.dumps(task), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {"x": {"text": "6*x", "value": "12.0"}} == json.loads(done.stdout)


def test_variables_named_like_functions_are_told_apart(written: Any) -> None:
    run = written("exp*exp(sqrt) + mpmath*sin(s)", exp=1.5, sqrt=0.3, mpmath=2.0, s=0.7)
    found = _forms(run)
    assert found.formulas["exp"] == "exp(sqrt)"
    assert found.notes == {}
    assert set(run.status("symbolic").values()) == {"agrees"}
