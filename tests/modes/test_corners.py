"""Another choice at a kink: used where the kink is, nowhere else, and told in the notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain.core.registry import OPERATIONS
from autograd_explain.errors import NameProblem
from autograd_explain.lang.program import bind_values, read_expression
from autograd_explain.modes.corners import choosable, with_choice
from autograd_explain.pipeline import explain, explain_program


def chosen(text: str, values: dict[str, Any], **choices: float) -> Any:
    """A run with these choices, checked."""
    program = read_expression(text)
    given = {name: np.array(v, dtype=float) if isinstance(v, list) else float(v) for name, v in values.items()}
    return explain_program(program, bind_values(program, given), at_kink=choices, checkers=["symbolic", "finite"])


@pytest.mark.parametrize(
    ("text", "values", "choices", "expected"),
    [
        ("relu(x)", {"x": 0}, {"relu": 1.0}, {"x": 1.0}),
        ("relu(x) + abs(x)", {"x": 0}, {"relu": 1.0, "abs": -0.5}, {"x": 0.5}),
        ("leaky_relu(x, slope=0.2)", {"x": 0}, {"leaky_relu": 0.6}, {"x": 0.6}),
        ("maximum(x, y)", {"x": 1, "y": 1}, {"maximum": 1.0}, {"x": 1.0, "y": 0.0}),
        ("minimum(x, y)", {"x": 1, "y": 1}, {"minimum": 0.25}, {"x": 0.25, "y": 0.75}),
        ("clip(x, 0, 1)", {"x": 1}, {"clip": 0.0}, {"x": 0.0}),
        ("hardtanh(x)", {"x": -1}, {"hardtanh": 1.0}, {"x": 1.0}),
        ("mae(x, 2)", {"x": 2}, {"abs": 1.0}, {"x": 1.0}),
    ],
)
def test_the_choice_is_taken_and_called_a_convention(text: str, values: Any, choices: Any, expected: Any) -> None:
    run = chosen(text, values, **choices)
    assert expected == run.gradients
    assert {"convention"} >= {check.status for check in run.checks if check.target == "x"}


def test_only_the_entries_at_the_kink_are_changed() -> None:
    run = chosen("sum(relu(x))", {"x": [0, 2, -3, 0]}, relu=0.5)
    assert [0.5, 1.0, 0.0, 0.5] == run.gradients["x"].tolist()
    [part] = [part for step in run.steps for part in step.parts if part.local is not None]
    assert [0.5, 1.0, 0.0, 0.5] == part.rule.value.tolist()


def test_away_from_the_kink_nothing_changes() -> None:
    run = chosen("relu(x) + relu(y)", {"x": 2, "y": -2}, relu=0.5)
    assert {"x": 1.0, "y": 0.0} == run.gradients
    assert {"agrees"} == {check.status for check in run.checks}


def test_the_table_is_not_touched_and_the_next_run_is_as_ever() -> None:
    before = OPERATIONS["relu"]
    chosen("relu(x)", {"x": 0}, relu=1.0)
    assert before is OPERATIONS["relu"]
    assert {"x": 0.0} == explain("relu(x)", x=0).gradients


def test_the_note_says_the_choice_and_pytorchs() -> None:
    [note] = [note for note in chosen("relu(x)", {"x": 0}, relu=1.0).notes if note.kind == "kink"]
    assert "1 is the choice here. PyTorch: 0; JAX: 0; TensorFlow: 0." in note.text
    [note] = [note for note in chosen("relu(x)", {"x": 0}, relu=0.0).notes if note.kind == "kink"]
    assert "0 is the choice here, as in PyTorch." in note.text


@pytest.mark.parametrize("name", ["sigmoid", "max", "norm", "rellu"])
def test_what_has_no_choice_is_refused_with_what_has_one(name: str) -> None:
    with pytest.raises(NameProblem) as refused:
        chosen("x", {"x": 0}, **{name: 1.0})
    assert name in refused.value.message
    assert ", ".join(choosable()) in refused.value.hint


@pytest.mark.parametrize("name", choosable())
def test_every_choosable_row_takes_a_choice_and_keeps_its_forward_pass(name: str) -> None:
    row = with_choice(OPERATIONS[name], 0.25)
    assert OPERATIONS[name].forward is row.forward
    assert len(OPERATIONS[name].partials) == len(row.partials)
    assert all(kink.chosen.startswith("0.25") for kink in row.kinks)


CORNERS: dict[str, tuple[float, ...]] = {
    "relu": (0.0,), "leaky_relu": (0.0,), "elu": (0.0,), "selu": (0.0,), "hardtanh": (1.0,), "sqrt": (0.0,),
    "abs": (0.0,), "hypot": (0.0, 0.0), "atan2": (0.0, 0.0), "maximum": (1.0, 1.0), "minimum": (1.0, 1.0),
}  # fmt: skip
SAID = {"0": 0.0, "1": 1.0, "½": 0.5, "½ each": 0.5, "∞": np.inf, "nan": np.nan, "slope": 0.01, "alpha": 1.0,
        "1.7581": 1.7580993408473766}  # fmt: skip


def said(name: str, library: str) -> float:
    """What the row says a library chooses."""
    [kink] = OPERATIONS[name].kinks
    others = dict(kink.others)
    return SAID[others.get(library, kink.chosen) if library == "PyTorch" else others[library]]


@pytest.mark.parametrize("name", CORNERS)
def test_pytorch_chooses_what_the_row_says(name: str) -> None:
    torch = pytest.importorskip("torch")
    home = torch.nn.functional if name in {"relu", "leaky_relu", "elu", "selu", "hardtanh"} else torch
    given = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in CORNERS[name]]
    getattr(home, name)(*given).backward()
    np.testing.assert_allclose(given[0].grad.item(), said(name, "PyTorch"))


@pytest.mark.parametrize("name", CORNERS)
def test_jax_chooses_what_the_row_says(name: str) -> None:
    jax = pytest.importorskip("jax")
    names = {"hardtanh": "hard_tanh", "atan2": "arctan2"}
    home = jax.nn if name in {"relu", "leaky_relu", "elu", "selu", "hardtanh"} else jax.numpy
    slope = jax.grad(getattr(home, names.get(name, name)))(*CORNERS[name])
    np.testing.assert_allclose(float(slope), said(name, "JAX"), rtol=1e-6)
