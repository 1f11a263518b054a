"""Going through a recording again: the numbers of recording anew to the last bit, and a refusal where it cannot."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd_explain import functions
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OPERATIONS, define
from autograd_explain.core.shapes import as_value
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.parse import parse
from autograd_explain.lang.program import example
from autograd_explain.modes.functions import or_zero, recorder_of
from autograd_explain.modes.records import Recording
from autograd_explain.modes.replay import Passed, replay_of
from autograd_explain.modes.replayed import Replayed
from autograd_explain.modes.reverse import reverse
from autograd_explain.train.fitting import fit
from tests.programs import ARRAYS, NON_FINITE, SCALAR, Case, example_values, sound_examples
from tests.strategies import array_programs, scalar_programs

NEVER = {"random numbers": "sum(randn(2)*x)", "a rule of its own": """\
def f(x): return x*x
@backward_of(f)
def g(upstream, out, x): return upstream*3*x
f(x)*y"""}  # fmt: skip


def values_of(case: Case) -> dict[str, Any]:
    """The case's values as floats and arrays."""
    return {name: as_value(np.asarray(value, dtype=float)) for name, value in case.values.items()}


def passed(recording: Recording) -> Passed:
    """What the recorded engine gives."""
    sweep = reverse(recording.tape, recording.result)
    found = {}
    for name, node in recording.inputs.items():
        if node.tracked:
            found[name] = or_zero(sweep.gradients[node.index], node)
    return Passed(recording.result.value, found)


def bits(found: Passed | None) -> Any:
    """Everything in a pass, with all its bits; only the sign of nan is nobody's business."""
    if found is None:
        return None
    numbers = {"": found.value, **found.gradients}
    return {name: (type(v), np.shape(v), np.where(np.isnan(v), np.nan, v).tobytes()) for name, v in numbers.items()}


def moved(values: dict[str, Any], by: float) -> dict[str, Any]:
    """The values a little further on; whole numbers stay, for they may be places in an array."""
    return {n: v if np.all(v == np.round(v)) and np.ndim(v) else as_value(v + by) for n, v in values.items()}


def held(text: str, values: dict[str, Any], others: list[dict[str, Any]]) -> list[bool]:
    """For each of the other values whether the replay took them; where it did, the bits are those recorded."""
    record = recorder(parse(text, function_names()))
    plan = replay_of(record(values))
    if plan is None:
        return [False] * len(others)
    took = []
    for other in others:
        found = plan.run(other)
        took.append(found is not None)
        if found is not None:
            assert bits(passed(record(other))) == bits(found)
            assert bits(Passed(found.value, {})) == bits(Passed(plan.value(other), {}))
    return took


@pytest.mark.parametrize("case", [*SCALAR, *ARRAYS], ids=str)
def test_every_kind_of_program_is_gone_through_with_the_same_bits(case: Case) -> None:
    values = values_of(case)
    assert [True, True] == held(case.text, values, [values, moved(values, 1e-9)])


A, B, C = np.array([[1.5, -2.0, 0.25], [3.0, 0.5, -1.0]]), np.array([0.5, 2.5, -1.5]), np.array([1.0, 0.0, 2.0])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("sum(A*s + b)", {"A": A, "s": 2.0, "b": B}),
        ("sum(A - b) - sum(s - A)", {"A": A, "s": 2.0, "b": B}),
        ("sum(where(c, A, b))", {"A": A, "b": B, "c": C}),
        ("sum(where(c, s, b)*A)", {"A": A, "b": B, "c": C, "s": 2.0}),
        ("sum(floor(b)*A + sign(A)*s)", {"A": A, "b": B, "s": 2.0}),
        ("sum(elu(A, alpha=0.7)*b + leaky_relu(b, slope=0.3))", {"A": A, "b": B}),
        ("leaky_relu(x, slope=0.3)*clip(x, y, z) + floor(y)*z", {"x": -1.5, "y": -2.0, "z": 0.5}),
        ("sum(T*row) + sum(T*b) + sum(T*s)", {"T": np.stack([[A, A], [A, -A]]), "row": A[:1], "b": B, "s": 2.0}),
        ("sum(T*col*b)", {"T": np.stack([[A, A], [A, -A]]), "col": A[:, :1], "b": B}),
        ("a @ b + dot(b, a*s)", {"a": C, "b": B, "s": 2.0}),
    ],
)
def test_every_way_through_an_operation_has_the_same_bits(text: str, values: Any) -> None:
    assert [True, True] == held(text, values, [values, {name: value * 1.01 for name, value in values.items()}])


def test_what_the_result_does_not_need_is_not_gone_through() -> None:
    record = recorder(parse("a = sin(x)\nb = x*x\nb", function_names()))
    plan = replay_of(record({"x": 2.0}))
    assert plan is not None
    assert 1 == len(plan.rows)


def test_values_may_be_numbers_of_any_kind() -> None:
    plan = replay_of(recorder(parse("sum(v*x)", function_names()))({"v": np.array([1.0, 2.0]), "x": 3.0}))
    assert plan is not None
    for kind in ([3, 4], np.array([3, 4]), np.array([3.0, 4.0], dtype=np.float32), np.array([3.0, 4.0])):
        assert bits(plan.run({"v": kind, "x": 2})) == bits(Passed(14.0, {"v": np.full(2, 2.0), "x": 7.0}))


def test_small_whole_numbers_do_not_run_over() -> None:
    plan = replay_of(recorder(parse("sum(v*v)", function_names()))({"v": np.array([1.0, 2.0])}))
    assert plan is not None
    assert 10_009.0 == plan.value({"v": np.array([100, 3], dtype=np.int8)})


@pytest.mark.parametrize("case", NON_FINITE, ids=str)
def test_what_is_not_finite_is_the_same_or_left_to_the_recording(case: Case) -> None:
    values = values_of(case)
    held(case.text, values, [values])


@pytest.mark.parametrize("name", sound_examples())
def test_the_gallery_is_gone_through_with_the_same_bits(name: str) -> None:
    program = example(name)
    values = example_values(program)
    record = recorder(program.parsed)
    recording = record(values)
    if recording.tape.once:
        assert replay_of(recording) is None
        return
    plan = replay_of(recording)
    assert plan is not None
    for other in (values, moved(values, 1e-6), moved(values, 0.3)):
        found = plan.run(other)
        if found is not None:
            assert bits(passed(record(other))) == bits(found)


WHOLE = {"axis": None, "keepdims": False}
SHORT = [
    ("matmul", ((2, 3), (3, 4)), (2, 4), {}, True), ("matmul", ((3,), (3, 4)), (4,), {}, False),
    ("matmul", ((2, 3), (3,)), (2,), {}, False), ("matmul", ((5, 2, 3), (3, 4)), (5, 2, 4), {}, False),
    *((name, ((2, 3),), out, WHOLE, out == ()) for name in ("sum", "mean") for out in ((), (1, 1), (3,))),
    ("sum", ((),), (), WHOLE, False), ("mean", ((),), (), WHOLE, False),
    ("sum", ((0,),), (), WHOLE, True), ("mean", ((0,),), (), WHOLE, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "out", "options", "there"), SHORT)
def test_short_forms_are_there_for_the_shapes_they_are_made_for(
    name: Any, shapes: Any, out: Any, options: Any, there: Any
) -> None:
    direct = OPERATIONS[name].direct
    assert direct is not None
    assert there == (direct(shapes, out, **options) is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scalar_programs(), st.sampled_from((0.0, 1e-7, 0.25, -1.5)))
def test_random_programs_on_numbers(case: Case, by: float) -> None:
    values = values_of(case)
    assert held(case.text, values, [values, moved(values, by)])[0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(array_programs(), st.sampled_from((0.0, 1e-7, 0.25, -1.5)))
def test_random_programs_on_arrays(case: Case, by: float) -> None:
    values = values_of(case)
    assert held(case.text, values, [values, moved(values, by)])[0]


_DIRECT = dict.fromkeys(("matmul", "dot"), ((70, 50), (50, 60)))


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.direct is not None], ids=lambda op: op.name)
def test_direct_forms_are_in_use_and_give_the_same_bits(op: Op) -> None:
    generator = np.random.default_rng(5)
    shapes = _DIRECT.get(op.name, ((70, 50), (70, 50)))
    values = {name: generator.normal(size=shape) for name, shape in zip("ab", shapes, strict=True)}
    arguments = ", ".join(("a", "b")[: len(op.arguments)])
    text = f"r = {op.name}(tanh({arguments.replace(', ', '), tanh(')}))\nsum(r*r*0.3)"
    others = {name: generator.normal(size=value.shape) for name, value in values.items()}
    used = {name: value for name, value in values.items() if name in arguments}
    assert [True] == held(text, used, [{name: others[name] for name in used}])


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("if x > 1:\n    y = x*x\nelse:\n    y = -x\ny", {"x": 3.0}, {"x": 0.5}),
        ("while x < 10:\n    x = x*2\nx", {"x": 1.5}, {"x": 4.0}),
        ("x*2 if x > 0 and y > 0 else y", {"x": 1.0, "y": 1.0}, {"x": 1.0, "y": -1.0}),
        ("s = x\nfor i in range(n):\n    s = s*x\ns", {"x": 2.0, "n": 3.0}, {"x": 2.0, "n": 4.0}),
        ("v[k]*x", {"x": 2.0, "v": np.array([1.0, 5.0]), "k": 0.0}, {"x": 2.0, "v": np.array([1.0, 5.0]), "k": 1.0}),
        ("sum(v[k])", {"v": np.array([1.0, 5.0]), "k": np.array([0.0, 0.0])},
         {"v": np.array([1.0, 5.0]), "k": np.array([0.0, 1.0])}),
        ("sum(v[k:])", {"v": np.array([1.0, 5.0]), "k": 0.0}, {"v": np.array([1.0, 5.0]), "k": 1.0}),
        ("leaky_relu(x, slope=a)", {"x": -1.0, "a": 0.1}, {"x": -1.0, "a": 0.2}),
        ("huber(x, 0, delta=d)", {"x": 3.0, "d": 1.0}, {"x": 3.0, "d": 2.0}),
        ("sum(full(2, a)*x)", {"x": 3.0, "a": 1.0}, {"x": 3.0, "a": 2.0}),
        ("sum(v*x)", {"x": 3.0, "v": np.array([1.0, 2.0])}, {"x": 3.0, "v": np.array([1.0, 2.0, 3.0])}),
        ("x*y", {"x": 3.0, "y": 1.0}, {"x": 3.0, "y": np.array([1.0])}),
    ],
)  # fmt: skip
def test_what_would_be_recorded_otherwise_is_refused(text: str, first: Any, second: Any) -> None:
    assert [True, False] == held(text, first, [first, second])
    assert [True, False] == held(text, second, [second, first])


@pytest.mark.parametrize("text", NEVER.values(), ids=NEVER)
def test_what_only_running_anew_can_give_is_never_gone_through(text: str) -> None:
    record = recorder(parse(text, function_names()))
    values = {"x": 2.0, "y": 3.0} if "y" in text else {"x": 2.0}
    assert replay_of(record(values)) is None


def test_where_python_refuses_the_recording_answers() -> None:
    assert [False, True] == held("exp(x)*y", {"x": 1.0, "y": 0.0}, [{"x": 1000.0, "y": 0.0}, {"x": 2.0, "y": 1.0}])


def test_an_operation_of_your_own_goes_its_own_way() -> None:
    define(Op("third_of", ("x",), lambda x: x / 3, scalar=lambda x: int(x) // 3, partials=(lambda out, x: 1 / 3,)))
    try:
        assert [True] == held("third_of(x)", {"x": 7.0}, [{"x": 9.0}])
        assert [True] == held("third_of(x)*x", {"x": 7.0}, [{"x": 9.0}])
        assert [True] == held("sum(third_of(x)*x)", {"x": np.arange(3.0)}, [{"x": np.arange(3.0) + 1}])
    finally:
        del OPERATIONS["third_of"]


def test_inputs_that_stay_as_they_are_get_no_gradient() -> None:
    record = recorder(parse("sum((X @ w - t)**2)", function_names()), tracked={"w"})
    values = {"X": np.ones((4, 2)), "w": np.zeros(2), "t": np.ones(4)}
    plan = replay_of(record(values))
    assert plan is not None
    found = plan.run(values)
    assert found is not None
    assert ["w"] == list(found.gradients)
    assert bits(passed(record(values))) == bits(found)
    shorter = replay_of(recorder(parse("sum((X @ w - t)**2)", function_names()))(values))
    assert shorter is not None
    assert len(plan.edges) < len(shorter.edges)


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


def test_arrays_that_somebody_still_holds_are_not_written_over() -> None:
    values = {"a": np.linspace(0, 1, 3000), "b": np.linspace(1, 2, 3000)}
    plan = replay_of(recorder(parse("sum(a*b + relu(a)) + sum(a)", function_names()))(values))
    assert plan is not None
    passes = [plan.run({**values, "b": values["b"] * factor}) for factor in range(5)]
    parts = [found.gradients["b"][10:20] for found in passes if found is not None]
    assert [values["b"] * factor + 2.0 for factor in range(5)][3][1:].tolist() == passes[3].gradients["a"][1:].tolist()  # type: ignore[union-attr]
    plan.run({**values, "a": values["a"] * 7})
    assert [values["a"][10:20].tolist()] * 5 == [part.tolist() for part in parts]


def test_a_result_that_is_an_array_leaves_nothing_behind() -> None:
    values = {"a": np.linspace(0, 1, 3000), "b": np.linspace(1, 2, 3000)}
    plan = replay_of(recorder(parse("a + b", function_names()))(values))
    assert plan is not None
    first, second = plan.run(values), plan.run({**values, "b": values["b"] + 1})
    assert first is not None
    assert second is not None
    first.gradients["a"][:] = 5.0
    assert (values["a"] + values["b"]).tolist() == first.value.tolist()
    assert bits(plan.run(values)) == bits(Passed(first.value, dict.fromkeys("ab", np.ones(3000))))


def test_a_function_may_read_numbers_where_it_says_so() -> None:
    def loss(w: Any, n: Any) -> Any:
        return w * float(n) if float(w) > 0 else w

    record = recorder_of(loss, {"w"})
    plan = replay_of(record({"w": 1.0, "n": 2.0}, 0))
    assert plan is not None
    assert 2.0 == plan.run({"w": 1.0, "n": 2.0}).value  # type: ignore[union-attr]
    assert plan.run({"w": 1.0, "n": 3.0}) is None


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
