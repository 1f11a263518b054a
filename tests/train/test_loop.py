"""The loop: batches, stop rules, what is refused, and what a step leaves alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_explain
from autograd_explain import functions
from autograd_explain.errors import DomainError, ExplainError, InputError, NameProblem, ShapeError
from autograd_explain.train.fitting import fit
from autograd_explain.train.objective import Data

LINE = "mse(w*x + b, y)"
POINTS = {"x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [3.0, 5.0, 7.0, 9.0, 11.0]}
START = {"w": 0.0, "b": 0.0}


def test_a_line_is_found_from_text_and_from_a_function_alike() -> None:
    def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
        return functions.mse(w * x + b, y)

    text = list(fit(LINE, START, POINTS, lr=0.05, epochs=500))
    function = list(fit(loss, START, POINTS, lr=0.05, epochs=500))
    assert 500 == len(text)
    assert text[-1].parameters == function[-1].parameters
    assert math.isclose(2.0, text[-1].parameters["w"], rel_tol=1e-3)
    assert "steps" == text[-1].stop
    assert "" == text[0].stop


def test_fit_is_public() -> None:
    assert autograd_explain.fit is fit


def test_inputs_are_never_modified() -> None:
    start = {"w": np.array([1.0, 2.0])}
    data = {"x": np.array([3.0, 4.0])}
    *_, last = fit("sum((w*x)**2)", start, data, lr=0.01, epochs=3)
    assert [1.0, 2.0] == start["w"].tolist()
    assert [3.0, 4.0] == data["x"].tolist()
    assert [1.0, 2.0] != last.parameters["w"].tolist()


def test_data_without_arrays_and_no_data_at_all() -> None:
    *_, last = fit("(x - target)**2", {"x": 0}, {"target": 3}, lr=0.1, epochs=100)
    assert math.isclose(3.0, last.parameters["x"], rel_tol=1e-6)
    *_, last = fit("(x - 2)**2", {"x": 0}, lr=0.5, epochs=1)
    assert 2.0 == last.parameters["x"]


def test_batches_cover_every_row_once_an_epoch_and_follow_the_seed() -> None:
    data = Data({"x": np.arange(10.0)}, batch=3, seed=4)
    assert 4 == data.batches
    first = [data.at(step)["x"].tolist() for step in range(1, 5)]
    assert [3, 3, 3, 1] == list(map(len, first))
    assert list(range(10)) == sorted(row for rows in first for row in rows)
    assert first == [Data({"x": np.arange(10.0)}, batch=3, seed=4).at(step)["x"].tolist() for step in range(1, 5)]
    assert first != [data.at(step)["x"].tolist() for step in range(5, 9)]
    assert first != [Data({"x": np.arange(10.0)}, batch=3, seed=5).at(step)["x"].tolist() for step in range(1, 5)]


def test_rows_held_out_are_never_trained_on() -> None:
    data = Data({"x": np.arange(10.0)}, batch=4, holdout=0.3, seed=1)
    held = set(data.of(data.held_out_rows)["x"].tolist())
    seen = {x for step in range(1, 9) for x in data.at(step)["x"].tolist()}
    assert 3 == len(held)
    assert set(range(10)) == held | seen
    assert set() == held & seen


def test_the_held_out_loss_is_reported_each_epoch() -> None:
    epochs = list(fit(LINE, START, POINTS, lr=0.02, epochs=50, batch=2, holdout=0.2))
    assert 50 == len(epochs)
    assert {2} == {len(epoch.losses) for epoch in epochs}
    assert epochs[-1].held_out is not None
    assert epochs[-1].held_out < epochs[0].held_out
    assert epochs[0].loss == sum(epochs[0].losses) / 2


def test_stop_rules() -> None:
    *_, last = fit(LINE, START, POINTS, lr=0.05, epochs=10_000, until="loss<1e-3")
    assert ("until", True) == (last.stop, last.loss < 1e-3)
    *_, last = fit("x**2", {"x": 1.0}, lr=1.0, epochs=100, patience=3)
    assert ("patience", 4) == (last.stop, last.number)
    *_, last = fit("x**2", {"x": 4.0}, lr=0.1, epochs=1000, until="gradient<1e-3")
    assert abs(last.gradients["x"]) < 1e-3


def test_a_loss_that_is_not_finite_ends_it_without_an_update() -> None:
    *_, last = fit("log(x)", {"x": 0.1}, lr=1.0)
    assert ("not finite", 2) == (last.stop, last.number)
    assert math.isnan(last.loss)
    assert 0.1 - 10.0 == last.parameters["x"]


def test_clipping_and_schedules_take_part() -> None:
    *_, last = fit("100*x", {"x": 0.0}, lr=1.0, epochs=1, clip_value=0.5)
    assert -0.5 == last.parameters["x"]
    *_, last = fit("3*x + 4*y", {"x": 0.0, "y": 0.0}, lr=1.0, epochs=1, clip_norm=1.0)
    assert math.isclose(-0.6, last.parameters["x"], rel_tol=1e-6)
    rates = [epoch.learning_rate for epoch in fit("x", {"x": 0.0}, lr=1.0, epochs=6, schedule=("warm-up(steps=4)",))]
    assert [0.25, 0.5, 0.75, 1.0, 1.0, 1.0] == rates
    rates = [epoch.learning_rate for epoch in fit("x", {"x": 0.0}, lr=1.0, epochs=4, schedule="cosine")]
    assert all(abs(a - b) < 1e-15 for a, b in zip([1.0, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5], rates, strict=True))


def test_random_numbers_are_drawn_afresh_at_each_step_and_again_for_the_same_seed() -> None:
    first = [epoch.loss for epoch in fit("x*0 + randn(1)[0]", {"x": 1.0}, epochs=3)]
    assert 3 == len(set(first))
    assert first == [epoch.loss for epoch in fit("x*0 + randn(1)[0]", {"x": 1.0}, epochs=3)]
    assert first != [epoch.loss for epoch in fit("x*0 + randn(1)[0]", {"x": 1.0}, epochs=3, seed=9)]


def test_a_parameter_without_a_path_stays_where_it_is() -> None:
    *_, last = fit("x**2 + 0*y", {"x": 1.0, "y": 5.0}, lr=0.1, epochs=5)
    assert 5.0 == last.parameters["y"]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "part"),
    [
        (("w*x", {}), {}, InputError, "nothing to train"),
        (("w*x", {"w": 1}, {"w": 2, "x": 1}), {}, NameProblem, "both trained and data"),
        (("w*x", {"w": 1}), {}, NameProblem, "no value for x"),
        (("w", {"w": "1"}), {}, InputError, "not a number"),
        (("sum(w*x)", {"w": 1}, {"x": [1, 2]}), {"batch": 0}, DomainError, "at least 1 row"),
        (("sum(w*x)", {"w": 1}, {"x": [1, 2]}), {"holdout": 1.5}, DomainError, "below 1"),
        (("sum(w*x)", {"w": 1}, {"x": [1, 2]}), {"holdout": 0.1}, DomainError, "too few"),
        (("sum(w*x*y)", {"w": 1}, {"x": [1, 2], "y": [1]}), {"batch": 1}, ShapeError, "x has 2 rows, y has 1"),
        (("w", {"w": 1}), {"batch": 1}, DomainError, "no rows"),
        (("w", {"w": 1}), {"until": "soon"}, InputError, "does not say when"),
        (("w", {"w": 1}), {"optimizer": "adm"}, NameProblem, "no optimizer"),
    ],
)  # fmt: skip
def test_what_is_refused_at_once(arguments: Any, options: Any, error: type[ExplainError], part: str) -> None:
    with pytest.raises(error) as raised:
        fit(*arguments, **options)
    assert part in raised.value.message


@pytest.mark.parametrize(
    ("text", "error", "part"),
    [
        ("w*[1, 2]", ShapeError, "the result has shape (2)"),
        ("detach(w)", DomainError, "depends on no trained value"),
    ],
)
def test_what_is_refused_at_the_first_step(text: str, error: type[ExplainError], part: str) -> None:
    with pytest.raises(error) as raised:
        next(fit(text, {"w": 1}))
    assert part in raised.value.message


def test_waiting_for_a_held_out_loss_needs_one() -> None:
    with pytest.raises(DomainError, match="nothing is held out"):
        next(fit("w**2", {"w": 1}, until="held-out<1"))


def test_a_promise_that_a_function_does_not_keep_is_found_out() -> None:
    calls = iter(range(100))

    def loss(w: Any) -> Any:
        return (w - next(calls)) ** 2

    with pytest.raises(InputError, match=r"replay=True promises .* gives the loss 1\.0 where .* gives 0\.0"):
        list(fit(loss, {"w": 0.0}, lr=0.1, epochs=10, replay=True))
    assert 10 == len(list(fit(loss, {"w": 0.0}, lr=0.1, epochs=10)))


def test_a_promise_is_held_against_few_recordings() -> None:
    calls = []

    def loss(w: Any) -> Any:
        calls.append(w)
        return (w - 3) ** 2

    kept = list(fit(loss, {"w": 0.0}, lr=0.1, epochs=100, replay=True))
    assert 1 + 7 == len(calls)
    assert list(fit("(w - 3)**2", {"w": 0.0}, lr=0.1, epochs=100)) == kept


@pytest.mark.parametrize(
    ("arguments", "options", "part"),
    [
        ((3, {"x": 1}), {}, "source is a program as text or a Python function, not 3"),
        (("x", [1]), {}, "params is values by name"),
        (("x", {3: 1}), {}, "params is values by name"),
        (("x", {"x": 1}, [2]), {}, "data is values by name"),
        (("x", {"x": 1}), {"optimizer": 3}, "optimizer is a text"),
        (("x", {"x": 1}), {"schedule": ["cosine"]}, "schedule is a text or a tuple of texts"),
        (("x", {"x": 1}), {"until": 3}, "until is a text"),
        (("x", {"x": 1}), {"lr": "much"}, "lr is a number, not 'much'"),
        (("x", {"x": 1}), {"clip_norm": "a"}, "clip_norm is a number"),
        (("x", {"x": 1}), {"holdout": None}, "holdout is a number, not None"),
        (("x", {"x": 1}), {"epochs": 0}, "epochs is a whole number above 0, not 0"),
        (("x", {"x": 1}), {"epochs": 2.5}, "epochs is a whole number above 0"),
        (("x", {"x": 1}), {"batch": True}, "batch is a whole number, not True"),
        (("x", {"x": 1}), {"patience": -1}, "patience is a whole number above 0"),
        (("x", {"x": 1}), {"seed": -1}, "seed is a whole number, 0 or more"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_told_at_once(arguments: Any, options: Any, part: str) -> None:
    with pytest.raises(InputError) as raised:
        fit(*arguments, **options)
    assert raised.value.message.startswith(f"fit: {part}")


@pytest.mark.parametrize(
    "optimizer", ["sgd", "sgd(momentum=0.9)", "rmsprop(momentum=0.5, centered=True)", "adam", "nadam"]
)
def test_large_arrays_that_somebody_holds_stay_as_they_were(optimizer: str) -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        return functions.mse(functions.relu(x @ w), y)

    generator = np.random.default_rng(1)
    start = {"w": generator.normal(size=(60, 50))}
    data = {"x": generator.normal(size=(70, 60)), "y": generator.normal(size=(70, 50))}
    held, copies = [], []
    for epoch in fit("mse(relu(x @ w), y)", start, data, optimizer=optimizer, lr=0.01, epochs=8, clip_norm=0.5):
        held.append(epoch)
        copies.append((epoch.parameters["w"].tobytes(), epoch.gradients["w"].tobytes()))
    anew = list(fit(loss, start, data, optimizer=optimizer, lr=0.01, epochs=8, clip_norm=0.5))
    for kept in (held, anew):
        assert copies == [(epoch.parameters["w"].tobytes(), epoch.gradients["w"].tobytes()) for epoch in kept]
    assert 8 == len(set(copies))


def test_a_function_may_take_a_gradient_inside() -> None:
    def loss(w: Any) -> Any:
        return (autograd_explain.grad(lambda x: w * x * x)(2.0) - 8.0) ** 2

    *_, last = fit(loss, {"w": 1.0}, lr=0.01, epochs=50)
    assert pytest.approx(2.0) == last.parameters["w"]


def test_a_function_that_does_not_take_these_names_is_refused_before_the_first_step() -> None:
    with pytest.raises(NameProblem, match="cannot be called with these values"):
        fit(lambda w: w * w, {"v": 1.0})


@pytest.mark.parametrize(("made", "message"), [((1, 2), "a tuple of 2 values"), (None, "returned nothing")])
def test_a_function_returns_one_value(made: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(fit(lambda w: made and tuple(w * part for part in made), {"w": 1.0}, epochs=1))
