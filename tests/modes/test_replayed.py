"""A way of recording that remembers: what a training records, keeps, and gives up."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest

from autograd_explain import functions
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.parse import parse
from autograd_explain.modes.records import Recording
from autograd_explain.modes.replayed import Replayed
from autograd_explain.train.fitting import fit


def counted(text: str, **options: Any) -> tuple[list[Any], int]:
    """The epochs of a training and how often its program was recorded."""
    calls = 0
    record = recorder(parse(text, function_names()), tracked={"w"})

    def counting(values: Any, seed: int = 0) -> Recording:
        nonlocal calls
        calls += 1
        return record(values, seed)

    from autograd_explain.train import fitting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_record", lambda *args, **more: Replayed(counting))
        epochs = list(fit(text, {"w": options.pop("w")}, options.pop("data", None), **options))
    return epochs, calls


def test_a_training_records_once_and_learns_the_same() -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        return functions.mse(functions.tanh(w * x), y)

    data = {"x": np.linspace(-1, 1, 6), "y": np.linspace(-0.5, 0.5, 6)}
    epochs, calls = counted("mse(tanh(w*x), y)", w=0.1, data=data, epochs=20, lr=0.3, optimizer="adam")
    assert 1 == calls
    assert list(fit(loss, {"w": 0.1}, data, epochs=20, lr=0.3, optimizer="adam")) == epochs
    assert list(fit(loss, {"w": 0.1}, data, epochs=20, lr=0.3, optimizer="adam", replay=True)) == epochs


def test_batches_of_two_sizes_are_recorded_once_each() -> None:
    data = {"x": np.linspace(-1, 1, 7), "y": np.linspace(-0.5, 0.5, 7)}
    _, calls = counted("mse(w*x, y)", w=0.1, data=data, epochs=6, lr=0.3, batch=3)
    assert 2 == calls
    _, calls = counted("mse(w*x, y)", w=0.1, data=data, epochs=6, lr=0.3, holdout=0.3)
    assert 2 == calls


def test_a_condition_that_turns_is_recorded_anew_and_then_gone_through() -> None:
    text = "w*w if w > 1 else 3*w*w"
    epochs, calls = counted(text, w=2.0, epochs=40, lr=0.05)
    assert 2 == calls
    assert [text] != epochs
    kept = [e.losses for e in fit(lambda w: w * w if w > 1 else 3 * w * w, {"w": 2.0}, epochs=40, lr=0.05)]
    assert kept == [e.losses for e in epochs]


def test_a_program_that_never_repeats_itself_is_soon_only_recorded() -> None:
    record = Replayed(recorder(parse("x*x if x > 0 else x", function_names())))
    for turn in range(30):
        values = {"x": 1.0 if turn % 2 else -1.0}
        assert record.passed(values) is None or turn > 30
        record.keep(record(values))
    assert [] == record.plans


def test_a_steps_recording_is_there_when_asked_for() -> None:
    from autograd_explain.train.fitting import _record
    from autograd_explain.train.loop import Plan, Stop, beginning, steps
    from autograd_explain.train.optimizers import OPTIMIZERS
    from autograd_explain.train.rules import choose

    plan = Plan(_record("(w - 2)**2", {"w": 0.0}, {}, replay=False), choose("sgd(lr=0.1)", OPTIMIZERS, "optimizer"))
    for taken in steps(plan, beginning(plan, {"w": 0.0}), Stop(3)):
        assert taken.loss == taken.recording.result.value
        assert taken.gradients["w"] == taken.sweep.gradients[taken.recording.inputs["w"].index]


def test_memory_stays_the_same_however_many_steps() -> None:
    def held_after(count: int) -> int:
        for _ in range(count):
            next(epochs)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    data = {"x": np.ones((3000, 3)), "y": np.ones((3000, 2))}
    epochs = fit("mse(tanh(x @ w), y)", {"w": np.zeros((3, 2))}, data, epochs=5000, lr=0.1)
    tracemalloc.start()
    try:
        few = held_after(20)
        many = held_after(300)
    finally:
        tracemalloc.stop()
    assert many < few + 5_000


def test_the_last_four_kinds_of_recordings_are_kept() -> None:
    record = Replayed(recorder(parse("sum(v*v)", function_names())))
    for size in (1, 2, 3, 3, 4, 5, 6, 5):
        record.keep(record({"v": np.ones(size)}))
    assert [3, 4, 5, 6] == [size for size in range(1, 8) if record.value({"v": np.ones(size)}) is not None]


def test_what_was_of_no_use_eight_times_is_prepared_but_once_in_64() -> None:
    record = Replayed(recorder(parse("x*x", function_names())))
    recording = record({"x": 3.0})

    def kept(times: int) -> list[bool]:
        found = []
        for _ in range(times):
            record.keep(recording)
            found.append(bool(record.plans))
        return found

    assert [*[True] * 8, *[False] * 55, True] == kept(64)
    assert 9.0 == record.value({"x": 3.0})
    assert [*[True] * 8, False] == kept(9)


def test_a_promise_is_due_at_powers_of_two() -> None:
    for checked, due in ((True, [1, 2, 4, 8]), (False, [])):
        record = Replayed(recorder(parse("x*x", function_names())), checked=checked)
        assert due == [number for number in range(1, 12) if record.is_due()]


def test_a_recording_has_the_seed_0_unless_another_is_given() -> None:
    record = recorder(parse("x*rand()", function_names()))
    values = [Replayed(record)({"x": 1.0}, *seed).result.value for seed in ((), (0,), (1,))]
    assert values[0] == values[1] != values[2]
