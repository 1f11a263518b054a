"""The update rules: read, refused, and the same on numbers as on formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_explain.core.formula import Formula, written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.errors import DomainError, ExplainError, InputError, NameProblem
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import Recipe, choose, follow, in_rooms, value_of
from autograd_explain.train.schedules import CLIPPING, SCHEDULES


def test_a_choice_is_read_with_its_settings() -> None:
    chosen = choose("sgd(momentum=0.9, nesterov=True)", OPTIMIZERS, "optimizer", lr=0.5)
    assert {"lr": 0.5, "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "nesterov": True} == chosen.settings
    assert "sgd(lr=0.5, momentum=0.9, nesterov=True)" == str(chosen)
    assert "adam" == str(choose(" adam ( ) ", OPTIMIZERS, "optimizer"))


@pytest.mark.parametrize(
    ("text", "error", "part"),
    [
        ("adm", NameProblem, "there is no optimizer adm"),
        ("sgd(mu=1)", NameProblem, "sgd has no setting mu"),
        ("sgd(momentum=much)", InputError, "takes a number"),
        ("sgd(momentum=nan)", InputError, "takes a number"),
        ("sgd(nesterov=1)", InputError, "True or False"),
        ("sgd(momentum", InputError, "is written NAME"),
        ("sgd(lr=-1)", DomainError, "lr must be at least 0, not -1"),
        ("adam(beta1=1)", DomainError, "below 1"),
        ("sgd(nesterov=True)", DomainError, "nesterov needs a momentum"),
    ],
)
def test_what_is_refused(text: str, error: type[ExplainError], part: str) -> None:
    with pytest.raises(error) as raised:
        choose(text, OPTIMIZERS, "optimizer")
    assert part in raised.value.message


def test_settings_of_a_schedule_are_checked() -> None:
    with pytest.raises(DomainError, match="every must be above 0"):
        choose("step(every=0)", SCHEDULES, "schedule")


def quantities(name: str, t: float) -> dict[str, Any]:
    recipe = OPTIMIZERS[name]
    return {**recipe.settings, "w": 0.7, "g": -1.3, "t": t, **dict.fromkeys(recipe.keeps, 0.4)}


EVERY_SETTING = [
    *OPTIMIZERS, "sgd(momentum=0.9, weight_decay=0.1)", "sgd(momentum=0.9, dampening=0.5)",
    "sgd(momentum=0.9, nesterov=True)", "adagrad(lr_decay=0.1)", "rmsprop(momentum=0.5, centered=True)",
    "adam(amsgrad=True, weight_decay=0.1)", "nadam(weight_decay=0.1)",
]  # fmt: skip


@pytest.mark.parametrize("text", EVERY_SETTING)
@pytest.mark.parametrize("t", [1.0, 3.0])
def test_a_line_written_as_a_formula_comes_to_the_same_number(text: str, t: float) -> None:
    chosen = choose(text, OPTIMIZERS, "optimizer")
    plain = {**quantities(chosen.recipe.name, t), **chosen.settings}
    lines = chosen.lines(plain)
    labelled = {name: Formula(float(value), name) for name, value in plain.items()}
    numbers = dict(enumerate(follow(lines, plain)))
    formulas = follow(lines, labelled, lambda name, value: Formula(value.value, name))
    for place, (name, formula) in enumerate(formulas):
        assert numbers[place] == (name, formula.value)
    assert "w" in dict(numbers.values())


@pytest.mark.parametrize("text", [*EVERY_SETTING, *CLIPPING])
@pytest.mark.parametrize("t", [1.0, 3.0])
def test_large_arrays_are_written_into_rooms_with_the_same_bits(text: str, t: float) -> None:
    chosen = choose(text, {**OPTIMIZERS, **CLIPPING}, "recipe")
    generator = np.random.default_rng(3)
    kept = {name: generator.uniform(0.2, 0.9, size=(60, 50)) for name in ("w", "g", *chosen.recipe.keeps)}
    known = {**chosen.settings, "t": t, "norm": 3.0, **kept}
    lines, rooms = chosen.lines(known), dict[Any, Any]()
    plain, given = dict(known), {name: value.copy() if np.ndim(value) else value for name, value in known.items()}
    roomy = dict(given)
    for line in lines:
        with np.errstate(invalid="ignore"):
            plain[line.name] = value_of(line, [plain[name] for name in line.reads])
            roomy[line.name] = in_rooms(line, [roomy[name] for name in line.reads], rooms, "w")
        assert np.asarray(plain[line.name]).tobytes() == np.asarray(roomy[line.name]).tobytes()
    for name, value in known.items():
        assert np.asarray(value).tobytes() == np.asarray(given[name]).tobytes()


@pytest.mark.parametrize("recipe", [*OPTIMIZERS.values(), *CLIPPING.values()], ids=lambda recipe: recipe.name)
def test_a_line_is_one_expression_whose_parts_are_used_once(recipe: Recipe) -> None:
    for line in recipe.lines:
        assert line.rule.__code__.co_nlocals == line.rule.__code__.co_argcount


def test_by_hand_one_step_of_each() -> None:
    """The updates worked out on paper: w = 0.7, gradient −1.3, kept quantities 0.4, step 3, default settings."""
    m, v = 0.9 * 0.4 + 0.1 * -1.3, 0.999 * 0.4 + 0.001 * 1.69
    m_hat, v_hat = m / (1 - 0.9**3), v / (1 - 0.999**3)
    mu, following = 0.9 * (1 - 0.5 * 0.96**0.012), 0.9 * (1 - 0.5 * 0.96**0.016)
    product = 0.4 * mu
    ahead = following * m / (1 - product * following) + (1 - mu) * -1.3 / (1 - product)
    expected = {
        "sgd": 0.7 + 0.001 * 1.3,
        "adagrad": 0.7 + 0.01 * 1.3 / (math.sqrt(0.4 + 1.69) + 1e-10),
        "rmsprop": 0.7 + 0.01 * 1.3 / (math.sqrt(0.99 * 0.4 + 0.01 * 1.69) + 1e-8),
        "adam": 0.7 - 0.001 * m_hat / (math.sqrt(v_hat) + 1e-8),
        "adamw": 0.7 * (1 - 0.001 * 0.01) - 0.001 * m_hat / (math.sqrt(v_hat) + 1e-8),
        "nadam": 0.7 - 0.002 * ahead / (math.sqrt(v_hat) + 1e-8),
    }
    assert expected.keys() == OPTIMIZERS.keys()
    for name, value in expected.items():
        known = quantities(name, 3.0)
        dict(follow(choose(name, OPTIMIZERS, "optimizer").lines(known), known))
        assert math.isclose(value, known["w"], rel_tol=1e-14), name


def test_numbers_too_large_become_infinite_instead_of_failing() -> None:
    known = {**quantities("adagrad", 1.0), "g": 1e200, "s": 0.0}
    with np.errstate(all="ignore"):
        dict(follow(choose("adagrad", OPTIMIZERS, "optimizer").lines(known), known))
    assert math.inf == known["s"]


def test_a_formula_reads_as_people_write_it() -> None:
    known = {name: Formula(float(value), name) for name, value in quantities("adam", 1.0).items()}
    lines = choose("adam", OPTIMIZERS, "optimizer").lines(quantities("adam", 1.0))
    made = dict(follow(lines, known, lambda name, value: Formula(value.value, name)))
    assert "beta1*m + (1 - beta1)*g" == written(made["m"], LANGUAGE).text
    assert "w - lr*m_hat/(sqrt(v_hat) + eps)" == written(made["w"], LANGUAGE).text
