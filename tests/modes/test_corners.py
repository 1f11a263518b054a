"""Another choice at a kink: used where the kink is, nowhere else, and told in the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.errors import NameProblem
from autograd_explain.lang.program import bind_values, read_expression
from autograd_explain.modes.corners import _is_choosable, choosable, what_it_means, with_choice, without_effect
from autograd_explain.pipeline import explain, explain_program


def chosen(text: str, values: dict[str, Any], mode: str = "reverse", **choices: float) -> Any:
    """A run with these choices, checked."""
    program = read_expression(text)
    given = {name: np.array(v, dtype=float) if isinstance(v, list) else float(v) for name, v in values.items()}
    bound = bind_values(program, given)
    return explain_program(program, bound, at_kink=choices, checkers=["symbolic", "finite"], mode=mode)


@pytest.mark.parametrize(
    ("text", "values", "choices", "expected"),
    [
        ("relu(x)", {"x": 0}, {"relu": 1.0}, {"x": 1.0}),
        ("relu(x) + abs(x)", {"x": 0}, {"relu": 1.0, "abs": -0.5}, {"x": 0.5}),
        ("leaky_relu(x, slope=0.2)", {"x": 0}, {"leaky_relu": 0.6}, {"x": 0.6}),
        ("maximum(x, y)", {"x": 1, "y": 1}, {"maximum": 1.0}, {"x": 1.0, "y": 0.0}),
        ("minimum(x, y)", {"x": 1, "y": 1}, {"minimum": 0.25}, {"x": 0.25, "y": 0.75}),
        ("clip(x, 0, 1)", {"x": 1}, {"clip": 0.0}, {"x": 0.0}),
        ("clip(x, lo, 1)", {"x": 0, "lo": 0}, {"clip": 0.25}, {"x": 0.25, "lo": 0.0}),
        ("hardtanh(x)", {"x": -1}, {"hardtanh": 1.0}, {"x": 1.0}),
        ("mae(x, 2)", {"x": 2}, {"abs": 1.0}, {"x": 1.0}),
        ("hinge(x, 1)", {"x": 1}, {"clip": 0.0}, {"x": 0.0}),
        ("sqrt(x)", {"x": 0}, {"sqrt": 5.0}, {"x": 5.0}),
        ("x**0.5", {"x": 0}, {"pow": 5.0}, {"x": 5.0}),
        ("floor(x)", {"x": 2}, {"floor": 1.0}, {"x": 1.0}),
        ("hypot(x, y)", {"x": 0, "y": 0}, {"hypot": 0.5}, {"x": 0.5, "y": 0.5}),
        ("max(x)", {"x": [1, 3, 3]}, {"max": 1.0}, {"x": [0.0, 1.0, 0.0]}),
        ("min(x)*2", {"x": [1, 1, 1]}, {"min": 0.5}, {"x": [1.0, 0.5, 0.5]}),
        ("sum(max(x, axis=1))", {"x": [[3, 3], [1, 2]]}, {"max": 1.0}, {"x": [[1.0, 0.0], [0.0, 1.0]]}),
        (
            "sum(max(x, axis=1))",
            {"x": [[3, 3, 1], [1, 2, 2]]},
            {"max": 0.75},
            {"x": [[0.75, 0.25, 0.0], [0.0, 0.75, 0.25]]},
        ),
        ("norm(x)", {"x": [0, 0]}, {"norm": 1.0}, {"x": [1.0, 1.0]}),
        ("sum(norm(x, axis=1))", {"x": [[0, 0], [3, 4]]}, {"norm": 1.0}, {"x": [[1.0, 1.0], [0.6, 0.8]]}),
        ("std(x)*3", {"x": [2, 2]}, {"std": 0.5}, {"x": [1.5, 1.5]}),
    ],
)
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_the_choice_is_taken_and_called_a_convention(
    text: str, values: Any, choices: Any, expected: Any, mode: str
) -> None:
    run = chosen(text, values, mode=mode, **choices)
    assert expected == {name: np.asarray(found).tolist() for name, found in run.gradients.items()}
    by = {check.checker: check.status for check in run.checks if check.target == "x"}
    assert "convention" == by["symbolic"]
    assert by["finite"] in {"convention", "undecided"}  # undecided where the program has no value on one side


def test_only_the_entries_at_the_kink_are_changed() -> None:
    run = chosen("sum(relu(x))", {"x": [0, 2, -3, 0]}, relu=0.5)
    assert [0.5, 1.0, 0.0, 0.5] == run.gradients["x"].tolist()
    [part] = [part for step in run.steps for part in step.parts if part.local is not None]
    assert [0.5, 1.0, 0.0, 0.5] == part.rule.value.tolist()


def test_the_shown_form_takes_the_choice_too() -> None:
    row = with_choice(OPERATIONS["relu"], 0.5)
    assert (0.5, 1.0) == (row.shown[0](0.0, 0.0), row.shown[0](2.0, 2.0))  # type: ignore[misc]
    assert () == with_choice(replace(OPERATIONS["relu"], shown=()), 0.5).shown


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


def test_the_note_of_a_tie_says_who_gets_what() -> None:
    [note] = [note for note in chosen("max(x)", {"x": [3, 3]}, max=1.0).notes if note.kind == "tie"]
    assert "a convention: 1 to the first, the rest to the others. PyTorch: 1/(number of ties);" in note.text


@pytest.mark.parametrize(
    ("text", "values", "choices", "said"),
    [
        ("relu(x)", {"x": 0}, {"relu": 1.0}, []),
        ("relu(x)", {"x": 2}, {"relu": 1.0}, ["relu is not at its corner (x = 0)"]),
        ("clip(x, 0, 1)", {"x": 1}, {"clip": 0.0}, []),
        ("x*x", {"x": 2}, {"abs": 1.0}, ["this run has no abs"]),
        ("max(x)", {"x": [1, 2]}, {"max": 1.0}, ["max is not at its corner"]),
    ],
)
def test_a_choice_without_effect_is_told(text: str, values: Any, choices: Any, said: list[str]) -> None:
    found = list(without_effect(chosen(text, values, **choices).tape, choices))
    assert [True] * len(said) == [part in line for part, line in zip(said, found, strict=True)]


@pytest.mark.parametrize(("name", "hint"), [("mae", "--at-kink abs=1"), ("hinge", "--at-kink clip=1")])
def test_a_loss_points_to_the_operation_with_the_corner(name: str, hint: str) -> None:
    with pytest.raises(NameProblem) as refused:
        chosen("x", {"x": 0}, **{name: 1.0})
    assert hint == refused.value.hint


@pytest.mark.parametrize("name", ["sigmoid", "huber", "where", "rellu"])
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
    assert what_it_means(row).startswith(("the slope", "the share of the first"))


CORNERS: dict[str, tuple[float, ...]] = {
    "relu": (0.0,), "leaky_relu": (0.0,), "elu": (0.0,), "selu": (0.0,), "hardtanh": (1.0,), "sqrt": (0.0,),
    "abs": (0.0,), "hypot": (0.0, 0.0), "atan2": (0.0, 0.0), "maximum": (1.0, 1.0), "minimum": (1.0, 1.0),
}  # fmt: skip
SAID = {"0": 0.0, "1": 1.0, "½": 0.5, "½ each": 0.5, "∞": np.inf, "nan": np.nan, "slope": 0.01, "alpha": 1.0,
        "1.7581": 1.7580993408473766}  # fmt: skip


def said(name: str, library: str) -> float:
    """What the row says a library chooses."""
    kink = OPERATIONS[name].kinks[0]
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


def test_an_operation_of_ones_own_with_a_corner_is_choosable_where_its_rule_can_take_it() -> None:
    largest = OPERATIONS["max"]
    assert _is_choosable(largest)
    for changed in ({"options": ()}, {"kinks": largest.kinks * 2}, {"vjp": (None, None)}):
        assert not _is_choosable(replace(largest, **changed))


def test_what_a_choice_means_is_told_for_each_kind() -> None:
    told = {name: what_it_means(OPERATIONS[name]) for name in ("relu", "maximum", "max")}
    assert "slope taken" in told["relu"]
    assert "first argument" in told["maximum"]
    assert "equal entries" in told["max"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("sin", "sin has no corner"), ("mse", "mse has no corner"), ("qqq", "there is no function qqq")],
)
def test_what_has_no_corner_and_what_there_is_not_are_told_apart(name: str, said: str) -> None:
    with pytest.raises(NameProblem, match=said):
        chosen("x", {"x": 1}, **{name: 1.0})


@pytest.mark.parametrize(("text", "values"), [("relu(x) + relu(y)", {"x": 0, "y": 1}), ("sum(relu(x))", {"x": [0, 1]})])
def test_one_corner_among_several_is_effect_enough(text: str, values: Any) -> None:
    assert [] == list(without_effect(chosen(text, values).tape, {"relu": 1.0}))


def test_the_usual_rule_goes_on_beside_the_corner() -> None:
    assert [0.5, -1.0] == chosen("sum(abs(x))", {"x": [0, -2]}, abs=0.5).gradients["x"].tolist()


def test_the_corner_is_told_by_its_condition_where_there_are_symbols() -> None:
    (step,) = chosen("relu(x)", {"x": [0, 1]}, relu=1.0).steps
    assert "x == 0" in written(step.parts[0].rule, LANGUAGE).text


def test_a_choice_below_0_is_told_with_a_minus() -> None:
    assert "−1" == with_choice(OPERATIONS["relu"], -1.0).kinks[0].chosen


def test_a_choice_holds_at_each_corner_of_an_operation_with_several() -> None:
    _, step = chosen("sum(clip(x, 1, 1))", {"x": [1, 5]}, clip=0.25).steps
    assert [0.25, 0.0] == step.parts[0].local.tolist() == step.parts[0].rule.value.tolist()
