"""Going through a recording again: the numbers of recording anew to the last bit, and a refusal where it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd_explain.core.op import CHECKED, Op
from autograd_explain.core.registry import OPERATIONS, define
from autograd_explain.core.shapes import as_value
from autograd_explain.core.var import leaf
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.parse import parse
from autograd_explain.lang.program import example
from autograd_explain.modes.functions import or_zero, recorder_of
from autograd_explain.modes.records import Recording
from autograd_explain.modes.replay import Passed, replay_of
from autograd_explain.modes.reverse import reverse
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
        ("sum(full(3, s)*linspace(s, 2, 3)*a)", {"a": C, "s": 2.0}),
        ("a @ b + dot(b, a*s)", {"a": C, "b": B, "s": 2.0}),
    ],
)
def test_every_way_through_an_operation_has_the_same_bits(text: str, values: Any) -> None:
    assert [True, True] == held(text, values, [values, {name: value * 1.01 for name, value in values.items()}])


def test_rows_of_scores_may_stand_in_several_axes() -> None:
    values = {"L": np.stack([A, A[::-1], A * 0.3, -A]), "t": np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [1.0, 2.0]])}
    assert [True, True] == held("cross_entropy(L, t)", values, [values, {**values, "L": values["L"] * 1.01}])


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


def test_what_overflows_in_an_array_says_nothing_and_limits_hold_afterwards() -> None:
    assert [True] == held("exp(v)", {"v": np.array([1.0, 2.0])}, [{"v": np.array([1000.0, 2.0])}])
    assert not CHECKED.get()


def test_a_value_that_is_given_nowhere_is_only_recorded() -> None:
    def loss(x: Any) -> Any:
        return x * leaf(x.tape, "k", 2.0, tracked=True)

    assert replay_of(recorder_of(loss)({"x": 3.0}, 0)) is None


def test_what_comes_out_of_another_kind_than_recorded_is_refused() -> None:
    values = {"x": 3.0, "y": 5.0}
    plan = replay_of(recorder(parse("x*y", function_names()))(values))
    assert plan is not None
    (place, _, *arguments), (edge, other) = plan.rows[0], plan.edges
    assert replace(plan, rows=((place, lambda x, y: 15, *arguments),)).run(values) is None
    odd = (*edge[:2], lambda total, values: np.float64(5.0), None, None, None)
    assert replace(plan, edges=(odd, other)).run(values) is None
    assert replace(plan, edges=(edge, other)).run(values) == plan.run(values)
