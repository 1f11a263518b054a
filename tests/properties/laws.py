"""What holds of every program: one row each, a name, what it says, and a function of a case that asserts it.

The same table serves generated programs, the kept ones, and the count of `python -m benchmarks laws`. A law that
has nothing to say of a program raises `Unfit`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mpmath
import numpy as np

from autograd_explain import explain
from autograd_explain.modes.forward import Direction, tangent_of
from autograd_explain.modes.reverse import reverse
from autograd_explain.pipeline import or_zero
from tests.programs import Case
from tests.properties import reference, written
from tests.properties.rewriting import (
    OTHER_NAMES,
    Unfit,
    bracketed,
    inlined,
    padded,
    renamed,
    split,
    uses_apart,
    without_squares,
)
from tests.properties.written import chosen
from tests.render.test_json import summed_to
from tests.strategies import MEETINGS, far_from_corners, shape_after

TAME = 1e6  # what is larger has no digits left to compare
LAYOUT = 1e-12  # NumPy adds up in the order of memory, which moving entries about changes
JOINED = 10  # the first MEETINGS are entry by entry


class Law(NamedTuple):
    """Something that holds of every program: its name, what it says, and the test of one case."""

    name: str
    says: str
    holds: Callable[[Case], None]
    cost: int = 1
    """About how many times as long as the others it takes."""


def weights(shape: tuple[int, ...], turn: int = 0) -> Any:
    """Unequal numbers of a shape, different for each turn: what seeds a result, or moves an input."""
    found = np.cos(1.0 + turn + np.arange(int(np.prod(shape)))).reshape(shape)
    return found if shape else float(found)


def gradients(case: Case, upstream: Any = None) -> dict[str, Any]:
    """The gradients by name, from unequal upstreams unless others are given."""
    found = case.run()
    sweep = reverse(found.tape, found.result, weights(found.result.shape) if upstream is None else upstream)
    return {name: or_zero(sweep.gradients[node.index], node) for name, node in found.recording.inputs.items()}


def tame(case: Case) -> tuple[Any, Any, float]:
    """The run, its sweep from unequal upstreams, and the size of what flowed. Raises Unfit where that is too large."""
    found = case.run()
    sweep = reverse(found.tape, found.result, weights(found.result.shape))
    numbers = [*(node.value for node in found.tape.nodes), *sweep.contributions, sweep.seed]
    largest = max(float(np.max(np.abs(number), initial=0.0)) for number in numbers)
    if not largest < TAME:
        raise Unfit
    return found, sweep, 1.0 + largest


def near(expected: Any, found: Any, scale: float, close: float = 1e-9) -> None:
    """Assert that two numbers or arrays are equal to the digits that numbers of this scale can have."""
    assert np.shape(expected) == np.shape(found)
    np.testing.assert_allclose(found, expected, rtol=close, atol=1e-3 * close * scale)


# Against a reference, and one sweep against the other.


def slopes_are_differences(case: Case) -> None:
    found, sweep, scale = tame(case)
    if not far_from_corners(found):
        raise Unfit
    with mpmath.workdps(reference.DIGITS):
        value = reference.result(case.text, {name: reference.exact(value) for name, value in case.values.items()})
    near(np.asarray(value, dtype=float), found.value, scale, 1e-11)
    for name, node in found.recording.inputs.items():
        gradient = or_zero(sweep.gradients[node.index], node)
        assert node.shape == np.shape(gradient)
        along = weights(node.shape, 1)
        slope = reference.slope(case.text, case.values, name, along, sweep.seed)
        near(slope, float(np.sum(gradient * along)), scale)


class _Along(Direction):
    """A whole input moving, every entry at its own rate."""

    @property
    def seed(self) -> Any:
        return weights(self.node.shape, 1)


def forward_is_reverse(case: Case) -> None:
    found, sweep, scale = tame(case)
    for name, node in found.recording.inputs.items():
        tangent = tangent_of(found.tape, found.result, _Along(name, node, ()))
        forwards = 0.0 if tangent is None else float(np.sum(sweep.seed * tangent))
        near(forwards, float(np.sum(or_zero(sweep.gradients[node.index], node) * weights(node.shape, 1))), scale)


def linear_in_upstream(case: Case) -> None:
    found, _, scale = tame(case)
    first, second = (weights(found.result.shape, turn) for turn in (2, 3))
    parts = [gradients(case, upstream) for upstream in (first, second, 2 * first - 3 * second)]
    for name in case.values:
        near(2 * parts[0][name] - 3 * parts[1][name], parts[2][name], scale)


def linear_in_the_program(case: Case) -> None:
    _, _, scale = tame(case)
    plain, bent, both = (gradients(ended(case, form)) for form in ("{0}", "tanh({0})", "2*{0} - 3*tanh({0})"))
    for name in case.values:
        near(2 * plain[name] - 3 * bent[name], both[name], scale)


def ended(case: Case, form: str) -> Case:
    """The program with a form around its result."""
    *lines, last = ast.parse(case.text).body
    if not isinstance(last, ast.Expr):
        raise Unfit
    text = "\n".join([*map(ast.unparse, lines), f"ending = {ast.unparse(last)}", form.format("ending")])
    return Case(text, case.values)


# What leaves value and gradients as they are: to the last bit where the same operations are recorded.


def same(expected: Case, found: Case, names: dict[str, str] | None = None) -> None:
    """Both come to the same value and gradients, the second under other names where such are given."""
    first, second = expected.run(), found.run()
    np.testing.assert_array_equal(first.value, second.value)
    for name in expected.values:
        np.testing.assert_array_equal(first.gradients[name], second.gradients[(names or {}).get(name, name)])


def alike(expected: Case, text: str) -> None:
    """Another text comes to the same numbers, but for the order of sums."""
    _, _, scale = tame(expected)
    found = explain("".join(f"0*{name}\n" for name in expected.values) + text, expected.values)
    first = expected.run()
    near(first.value, found.value, scale)
    for name in expected.values:
        near(first.gradients[name], found.gradients[name], scale)


def renaming(case: Case) -> None:
    names = {name: OTHER_NAMES.get(name, name) for name in case.values}
    given = {names[name]: value for name, value in case.values.items()}
    same(case, Case(renamed(case.text), given), names)


def blanks(case: Case) -> None:
    same(case, Case(padded(case.text), case.values))


def brackets(case: Case) -> None:
    same(case, Case(bracketed(case.text), case.values))


def statements(case: Case) -> None:
    same(case, Case(split(case.text), case.values))


def inlining(case: Case) -> None:
    alike(case, inlined(case.text))


def squares(case: Case) -> None:
    alike(case, without_squares(case.text))


IDENTITIES = (
    "{0}.T.T", "{0}[::-1][::-1]", "concat([{0}[:1], {0}[1:]])", "concat([{0}[:, :1], {0}[:, 1:]], axis=1)",
    "squeeze(expand_dims({0}, 0), axis=0)", "{0}[None][0]", "{0}[..., None][..., 0]", "stack([{0}, {0}])[1]",
    "stack([{0}, 2*{0}, {0}], axis=1)[:, 2]", "stack([3*{0}, {0}], axis=-1)[..., 1]", "transpose({0}, axes=(1, 0)).T",
    "transpose(transpose({0}, axes=(1, 2, 0)), axes=(2, 0, 1))", "[{0}, 2*{0}][0]", "[{0}[0], {0}[1]]",
    "maximum({0}, {0})", "minimum({0}, {0})", "max([{0}, {0}], axis=0)", "min(stack([{0}, {0}]), axis=0)",
    "mean([{0}, {0}], axis=0)", "where({0} > 0, {0}, {0})", "{0}**1", "sum({0}[None], axis=0)", "prod([{0}], axis=0)",
    "mean({0}[None], axis=0)", "({0} + zeros((2, 1)))[1]", "mean({0} + zeros((2, 1)), axis=0)", "{0} @ eye(3)",
    "eye(2) @ {0}", "{0}[[1, 0]][[1, 0]]", "{0}[:, [2, 0, 1]][:, [1, 2, 0]]", "max({0}[..., None], axis=-1)",
    "cumsum([{0}], axis=0)[0]", "logsumexp({0}[None], axis=0)", "sum({0}*eye(3), axis=-1)", "{0}*ones(3)",
)  # fmt: skip


def identities(case: Case) -> None:
    found, _, scale = tame(case)
    name = chosen(case, [*case.values])
    shape = np.shape(case.values[name])
    for row in (row for row in IDENTITIES if shape_after(row, shape) == shape):
        other = explain(f"{name} = {row.format(name)}\n{case.text}", case.values)
        near(found.value, other.value, scale, LAYOUT)
        for each in case.values:
            near(found.gradients[each], other.gradients[each], scale, LAYOUT)


def moves(case: Case) -> None:
    """An array given in another order, or in parts, and put together by the program: so is its gradient."""
    arrays = {name: np.asarray(value) for name, value in case.values.items() if np.size(value) > 1}
    if not arrays:
        raise Unfit
    run, _, scale = tame(case)
    name = chosen(case, [*arrays])
    others = {other: given for other, given in case.values.items() if other != name}
    for line, parts, together in _moved(name, arrays[name]):
        found = explain(f"{line}\n{case.text}", {**others, **parts}).gradients
        near(run.gradients[name], together([found[part] for part in parts]), scale, LAYOUT)
        for other in others:
            near(run.gradients[other], found[other], scale, LAYOUT)


def _moved(name: str, value: Any) -> Iterator[tuple[str, dict[str, Any], Callable[[list[Any]], Any]]]:
    """A first line, the values it reads, and what turns their gradients into the whole value's."""
    yield f"{name} = {name}.T", {name: value.T}, lambda found: found[0].T
    yield f"{name} = reshape({name}, {value.shape})", {name: value.ravel()}, lambda found: found[0].reshape(value.shape)
    order = np.argsort(weights((len(value),)))
    line = f"{name} = {name}[{np.argsort(order).tolist()}]"
    yield line, {name: value[order]}, lambda found: found[0][np.argsort(order)]
    rows = [f"{name}{i}" for i in range(len(value))]
    yield f"{name} = stack([{', '.join(rows)}])", dict(zip(rows, value, strict=True)), np.stack
    halves = {f"{name}0": value[..., :1], f"{name}1": value[..., 1:]}
    line = f"{name} = concat([{name}0, {name}1], axis=-1)"
    if value.shape[-1] > 1:
        yield line, halves, lambda found: np.concatenate(found, axis=-1)


def permutation(case: Case) -> None:
    arrays = {name: np.asarray(value) for name, value in case.values.items() if np.ndim(value)}
    if not arrays:
        raise Unfit
    for name, array in arrays.items():
        for value in (array, np.round(array)):  # once without ties, once with many
            order = np.argsort(weights((len(value),)))
            for function in SYMMETRIC:
                text = f"{function}({name}, axis=0)"
                plain, turned = (gradients(Case(text, {name: given}))[name] for given in (value, value[order]))
                near(plain[order], turned, 1.0, 1e-11)


SYMMETRIC = ("max", "min", "prod", "norm", "std", "var", "logsumexp", "mean", "sum")


def uses(case: Case) -> None:
    _, _, scale = tame(case)
    whole = gradients(case)
    applied = False
    for name, value in case.values.items():
        try:
            text, names = uses_apart(case.text, name)
        except Unfit:
            continue
        applied = True
        others = {other: given for other, given in case.values.items() if other != name}
        parts = gradients(Case(text, {**others, **dict.fromkeys(names, value)}))
        near(whole[name], sum(parts[part] for part in names), scale)
    if not applied:
        raise Unfit


def copies(case: Case) -> None:
    pairs = [(a, b) for a in case.values for b in case.values if a != b and _meet(case.values[a], case.values[b])]
    if not pairs:
        raise Unfit
    a, b = chosen(case, pairs)
    text = "tanh(" + chosen(case, MEETINGS[:JOINED]).format(a, b) + ")"
    full = (2, *np.broadcast_shapes(np.shape(case.values[a]), np.shape(case.values[b])))
    for name, other in ((a, b), (b, a)):
        one = np.asarray(case.values[name], dtype=float)
        partner = {other: np.broadcast_to(case.values[other], full)}
        spread = gradients(Case(text, {**partner, name: np.broadcast_to(one, full)}))[name]
        near(summed_to(spread, one.shape), gradients(Case(text, {**partner, name: one}))[name], 1.0)


def _meet(left: Any, right: Any) -> bool:
    try:
        np.broadcast_shapes(np.shape(left), np.shape(right))
    except ValueError:
        return False
    return True


def shares(case: Case) -> None:
    for name, value in case.values.items():
        if np.ndim(value):
            for function in ("softmax", "log_softmax"):
                shifted = Case(f"{name} = {function}({name})\n{case.text}", case.values)
                found, sweep, scale = tame(shifted)
                gradient = or_zero(sweep.gradients[found.recording.inputs[name].index], found.recording.inputs[name])
                near(np.zeros(np.shape(value)[:-1]), np.sum(gradient, axis=-1), scale)
    if all(np.ndim(value) == 0 for value in case.values.values()):
        raise Unfit


def single_entries(case: Case) -> None:
    if any(np.ndim(value) for value in case.values.values()):
        raise Unfit
    found, _, scale = tame(case)
    array = explain(case.text, {name: np.array([value]) for name, value in case.values.items()})
    near(found.value, float(np.sum(array.value)), scale, 1e-11)
    for name in case.values:
        near([found.gradients[name]], array.gradients[name], scale, 1e-11)


LAWS = (
    Law("differences", "value and reverse sweep are those of 40 digits and their differences", slopes_are_differences),
    Law("forward", "forward·v = reverse·u", forward_is_reverse),
    Law("linear in the upstream", "2u − 3v gives twice the gradients of u less three times v's", linear_in_upstream),
    Law("linear in the program", "2f − 3g has twice the gradients of f less three times g's", linear_in_the_program),
    Law("renaming", "other names change no bit", renaming),
    Law("blanks", "blanks and comments change no bit", blanks),
    Law("brackets", "brackets change no bit", brackets),
    Law("statements", "a statement for every operation changes no bit", statements),
    Law("inlining", "one expression for many statements changes the order of sums alone", inlining),
    Law("squares", "x*x for x**2 changes the rounding alone", squares),
    Law("identities", "moving entries about and back, or picking one of two equals, changes nothing", identities, 4),
    Law("moves", "an input in another order, or in parts, gets its gradient in that order and in those parts", moves),
    Law("permutation", "a reduction of entries in another order has its gradients in that order", permutation, 4),
    Law("uses", "a gradient is the sum over the places that read the value", uses, 2),
    Law("copies", "a gradient through broadcasting is the sum over the copies", copies),
    Law("shares", "gradients through softmax sum to 0", shares),
    Law("single entries", "a number is an array of one entry", single_entries),
    Law("books", "contributions are upstream × local, totals their sums, gradients the last totals", written.books),
    Law("edges", "every edge is walked once", written.edges),
    Law("schema", "the data keep to their schema", written.schema),
    Law("streamed", "JSON reads back as the data", written.streamed),
    Law("verified", "a reader without the engine finds every number again", written.verified, 3),
    Law("printed", "printed arithmetic is true", written.printed),
    Law("formulas", "formulas parse back to their values", written.formulas),
    Law("formats", "every format is written, and the Python script finds the same numbers", written.formats, 5),
)  # fmt: skip
