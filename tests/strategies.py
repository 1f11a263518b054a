"""Hypothesis strategies for programs that make sense: on numbers and on arrays, with the values to run them on.

A program is built from parts whose shapes and sizes are known, so every one of them runs, stays small, and is
smooth but for the corners that `far_from_corners` looks for. Nothing here asserts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.programs import Case
from tests.properties import reference

NAMES = ("x", "y", "w")
SMOOTH = (
    "sin({})", "cos({})", "tanh({})", "atan({})", "sigmoid({})", "softplus({})", "silu({})", "gelu({})", "mish({})",
    "asinh({})", "erf({})", "logsigmoid({})", "-({})", "({})**2", "({})**3", "square({})", "exp(-({})**2)",
    "sqrt(1 + ({})**2)", "log(2 + cos({}))", "1/(2 + sin({}))", "log1p(({})**2)", "0.5*({})", "({}) - 1.5",
)  # fmt: skip
CORNERED = ("relu({})", "abs({})", "leaky_relu({})", "hardtanh({})", "elu({})", "selu({})")
PAIRED = ("{} + {}", "{} - {}", "({})*({})", "({})/(3 + tanh({}))", "hypot({}, 1 + ({})**2)")
CORNERED_PAIRS = ("maximum({}, {})", "minimum({}, {})", "where({} > 0.1, {}, 2)", "(({}) if x > y else ({}))")


def used(text: str, given: dict[str, Any]) -> Case:
    """The program with the values of the names that occur in it."""
    words = set(re.findall(r"\w+", text))
    return Case(text, {name: value for name, value in given.items() if name in words})


def values() -> st.SearchStrategy[float]:
    """Numbers of ordinary size, away from 0, with few digits so that a failure is easy to read."""
    return st.integers(-18, 18).filter(bool).map(lambda tenths: tenths / 10 + 0.037)


@cache  # made once: making one takes far longer than drawing from it
def expressions(names: tuple[str, ...] = NAMES, leaves: int = 6) -> st.SearchStrategy[str]:
    """Texts of smooth and cornered operations over these names; the same name often occurs more than once."""
    atoms = st.sampled_from(names) | st.sampled_from(("2", "0.5", "1.25", "pi"))

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        one = st.builds(str.format, st.sampled_from(SMOOTH + CORNERED), inner)
        two = st.builds(str.format, st.sampled_from(PAIRED + CORNERED_PAIRS), inner, inner)
        return one | two

    return st.recursive(atoms, grown, max_leaves=leaves).map(lambda text: f"{text} + {names[0]}")


@st.composite
def scalar_programs(draw: st.DrawFn) -> Case:
    """Programs on numbers: an expression, or statements with a def, an if, a loop, and names used again."""
    given = {name: draw(values()) for name in NAMES}
    lines = [draw(st.sampled_from(("", "# a comment\n"))) + f"a = {draw(expressions())}"]
    names = (*NAMES, "a")
    for kind in draw(st.lists(st.sampled_from(sorted(_STATEMENTS)), max_size=3, unique=True)):
        first, second = draw(expressions(names, 3)), draw(expressions(names, 3))
        lines.append(_STATEMENTS[kind].format(first=first, second=second, body=draw(expressions(("t", "x"), 3))))
    return used("\n".join([*lines, f"{draw(expressions(names, 4))}*0.5 + a"]), given)


_STATEMENTS = {
    "assign": "a = {first}\na += {second}",
    "pair": "a, z = {first}, {second}\na = a - z",
    "def": "def f(t): return tanh({body})\na = f(a) + f({first})",
    "if": "if x > y + 0.05:\n    a = {first}\nelif y > 0:\n    a = a - 1\nelse:\n    a = {second}",
    "for": "for i in range(3):\n    a = tanh(a*(i + 1) + {first})",
    "while": "n = 0\nwhile n < 2:\n    a = sin(a + {first})\n    n = n + 1",
}


@cache
def arrays(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Arrays of a shape, no entry near 0 and no two equal: reductions have no tie there. A number for no axes."""
    if not shape:
        return values()
    size = int(np.prod(shape))
    spread = st.permutations(range(1, size + 1))
    signs = st.lists(st.sampled_from((-1.0, 1.0)), min_size=size, max_size=size)
    return st.builds(
        lambda order, sign: (np.array(order) / size * np.array(sign) * 1.3 + 0.0173).reshape(shape), spread, signs
    )


MATMULS = (
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (2, 3, 2)), ((1, 3), (3, 1)),
    ((1, 2, 3), (2, 3, 1)), ((2, 1, 2, 3), (3,)), ((3,), (2, 1, 3, 2)), ((2, 1, 2, 3), (3, 2)), ((2, 3), (2, 1, 3, 2)),
    ((2, 2, 3), (2, 1, 3, 2)), ((2, 1, 2, 3), (1, 2, 3, 2)),
)  # fmt: skip
STRETCHED = (((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), (2, 1)), ((2, 3), ()), ((2, 1, 3), (2, 1)), ((1, 3), (2, 3)))
JOINED = (((2,), (3,)), ((1, 3), (2, 3)), ((2, 1), (2, 2)), ((2, 1, 2), (2, 3, 2)))
LARGEST = 24  # entries of one array

ENTRYWISE = (
    "{0}", "tanh({0})", "sigmoid({0})", "sin({0})", "{0}**2", "exp(-({0})**2)", "softplus({0})", "relu({0})",
    "abs({0})", "clip({0}, -0.8, 0.9)", "gelu({0})", "1/(2 + sin({0}))", "log1p(({0})**2)", "-({0})", "elu({0})",
)  # fmt: skip
MEETINGS = (
    "{0} + {1}", "{0} - {1}", "{0}*{1}", "{0}/(2.7 + tanh({1}))", "hypot({0}, 1 + {1}**2)", "atan2({0}, 2 + {1}**2)",
    "maximum({0}, {1})", "minimum({0}, {1})", "where({0} > 0.1, {1}, 2)", "where({0} > {1}, {0}, {1}**2)",
    "mse({0}, {1})", "mae({0}, {1})", "huber({0}, {1}, delta=0.7)", "bce(sigmoid({0}), sigmoid({1}))",
    "bce_with_logits({0}, sigmoid({1}))", "hinge({0}, {1})", "cross_entropy({0}, softmax({1}))",
)  # fmt: skip
PRODUCTS = ("{0} @ {1}", "matmul({0}, {1})", "dot({0}, {1})", "outer({0}, {1})")
JOINS = (
    "concat([{0}, {1}])", "concat([{0}, {1}, {0}], axis=-1)", "concat([{1}, {0}], axis=1)", "stack([{0}, {1}])",
    "stack([{0}, {1}, {1}], axis=1)", "stack([{1}, {0}], axis=-1)", "[{0}, {1}, 2*{0}]",
)  # fmt: skip
PARTS = (
    "{0}[0]", "{0}[-1]", "{0}[1:]", "{0}[::-1]", "{0}[[0, 1, 0]]", "{0}[[-1, -1]]", "{0}[None, :]", "{0}[..., 0]",
    "{0}[:, 1:]", "{0}[::-1, 0]", "{0}[[1, 0, 1], [0, 0, 1]]", "{0}[:, None]", "{0}[:, [1, 1, 0]]", "{0}[..., None]",
    "{0}[0, 1]", "{0}[:, 0, ::-1]", "{0}[[0, 0]][:, 1]", "{0}.T", "flatten({0})", "reshape({0}, (-1, 2))",
    "reshape({0}, (3, -1))", "expand_dims({0}, 1)", "squeeze({0})", "transpose({0}, axes=(1, 0))",
    "transpose({0}, axes=(2, 0, 1))", "transpose({0}, axes=(0, 2, 1))",
)  # fmt: skip
AXES = ("", ", axis=0", ", axis=1", ", axis=-1", ", axis=2", ", axis=-2", ", axis=(0, 1)", ", axis=(0, -1)")
REDUCTIONS = tuple(
    f"{name}({{0}}{axis}{more})"
    for name in ("sum", "mean", "max", "min", "prod", "norm", "var", "std", "logsumexp")
    for axis in AXES
    for more in ("", ", keepdims=True", *((", ddof=1",) if name in {"var", "std"} else ()))
) + tuple(
    f"{name}({{0}}{axis})"
    for name in ("softmax", "log_softmax", "cumsum")
    for axis in AXES[:6]
)  # fmt: skip
PAIRS = MEETINGS + PRODUCTS + JOINS

HALF = reference.exact(0.5)
Shape = tuple[int, ...]


@cache
def shape_after(row: str, *shapes: Shape) -> Shape | None:
    """The shape that a row makes of values of these shapes; None where they do not fit, or it grows too large."""
    names = ("first", "second")[: len(shapes)]
    given = {name: np.full(shape, HALF)[()] for name, shape in zip(names, shapes, strict=True)}
    try:
        found = np.shape(reference.result(row.format(*names), given))
    except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError):
        return None
    return found if 0 < np.prod(found) <= LARGEST and len(found) <= 4 else None


@cache
def fitting(rows: tuple[str, ...], *shapes: Shape) -> tuple[tuple[str, Shape], ...]:
    """The rows that values of these shapes fit, each with the shape it makes."""
    found = [(row, shape_after(row, *shapes)) for row in rows]
    return tuple((row, shape) for row, shape in found if shape is not None)


@st.composite
def array_programs(draw: st.DrawFn) -> Case:
    """Programs on arrays and a number: lines that join, move, multiply and reduce what the lines before made."""
    left, right = draw(st.sampled_from(MATMULS + STRETCHED + JOINED))
    given = {"a": draw(arrays(left)), "b": draw(arrays(right)), "s": draw(values())}
    known: dict[str, Shape] = {"a": left, "b": right, "s": ()}
    lines: list[str] = []
    for name in "cdfg"[: draw(st.integers(1, 4))]:
        line, known[name] = draw(_lines(known, first=name == "c"))
        lines.append(line.replace("{name}", name))
    return used("\n".join([*lines, draw(_lasts([name for name in known if name not in given]))]), given)


@st.composite
def _lines(draw: st.DrawFn, known: dict[str, Shape], *, first: bool) -> tuple[str, Shape]:
    """One statement that gives `{name}` a value, and that value's shape. In the first one both inputs meet."""
    rows = PAIRS if first else draw(st.sampled_from((ENTRYWISE, PAIRS, PARTS, REDUCTIONS)))
    names = draw(st.permutations("ab") if first else st.tuples(*[st.sampled_from([*known])] * 2))
    found = fitting(rows, *(known[name] for name in names[: 2 if rows is PAIRS else 1]))
    row, shape = draw(st.sampled_from(found or fitting(ENTRYWISE, known[names[0]])))
    form = draw(st.sampled_from(_FORMS))
    other = draw(st.sampled_from(ENTRYWISE[1:])).format("t")
    return form.format(text=row.format(*names), other=other, over=draw(st.sampled_from([*known]))), shape


_FORMS = (
    "{{name}} = {text}",
    "{{name}} = {text}",
    "{{name}} = 0.5*tanh({text}) + 0.3",
    "{{name}} = {text}\n{{name}} += 0.5*tanh({{name}})",
    "def f_{{name}}(t): return {other} + 0.3*t\n{{name}} = f_{{name}}({text})",
    "{{name}} = {text}\nfor i in range(2):\n    {{name}} = sin({{name}})*(i + 0.5) + 0.1*sum({over})",
    "if sum({over}) > 0.05:\n    {{name}} = {text}\nelse:\n    {{name}} = 0.7*({text})**2 - 0.2",
    "t = {text}\nk = 0\nwhile k < 2:\n    t = {other}\n    k += 1\n{{name}} = t",
)


@st.composite
def _lasts(draw: st.DrawFn, made: list[str]) -> str:
    """A result that reads the last value, and often another one, more than once."""
    name, other = made[-1], draw(st.sampled_from(made))
    form = draw(st.sampled_from(("{0}*{0} + 0.3*{0}", "{0} + sum({1}*{1})", "sum({0})", "{0}")))
    return form.format(name, other)


def far_from_corners(run: Any, room: float = 1e-3) -> bool:
    """Whether no operation of a run with a corner is near it, so that a small step meets no other slope."""
    tape = run.recording.tape
    for node in tape.nodes:
        corners = _between if node.op.family == "comparison" else _CORNERS.get(node.op.name)
        if corners is not None and any(argument.tracked for argument in node.inputs):
            found = [np.asarray(argument.value, dtype=float) for argument in node.inputs]
            if np.any(np.abs(corners(*found, **tape.options.get(node.index, {}))) < room):
                return False
    return True


def _between(a: Any, b: Any, **options: Any) -> Any:
    return a - b


def _gaps(x: Any, axis: Any, keepdims: bool) -> Any:
    """How far the second largest and smallest entries are from the largest and smallest."""
    if np.ndim(x) == 0:
        return np.ones(1)
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % x.ndim)
    rows = np.moveaxis(x, axes, range(-len(axes), 0))
    entries = np.sort(rows.reshape(*rows.shape[: x.ndim - len(axes)], -1), axis=-1)
    return np.diff(entries, axis=-1)[..., [0, -1]] if entries.shape[-1] > 1 else np.ones(1)


def _spread(x: Any, axis: Any, keepdims: bool, ddof: int = 0) -> Any:
    return np.std(x, axis=axis if np.ndim(x) else None)


_CORNERS: dict[str, Any] = {
    **dict.fromkeys(("relu", "abs", "leaky_relu", "elu", "selu"), lambda x, **options: x),
    **dict.fromkeys(("maximum", "minimum", "mae"), _between),
    **dict.fromkeys(("max", "min"), _gaps),
    "std": _spread,
    "norm": lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis)),
    "hardtanh": lambda x: np.abs(x) - 1,
    "clip": lambda x, lo, hi: np.minimum(np.abs(x - lo), np.abs(x - hi)),
    "hinge": lambda score, t: 1 - t * score,
}
"""How far from its corners an operation is, of those that have some."""
