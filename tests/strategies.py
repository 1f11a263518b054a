"""Hypothesis strategies for programs that make sense: on numbers and on arrays, with the values to run them on.

A program is built from parts whose shapes and sizes are known, so every one of them runs, stays small, and is
smooth but for the corners that `far_from_corners` looks for. Nothing here asserts.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.programs import Case

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


def arrays(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Arrays of a shape, no entry near 0 and no two equal: reductions have no tie there."""
    size = int(np.prod(shape))
    spread = st.permutations(range(1, size + 1))
    signs = st.lists(st.sampled_from((-1.0, 1.0)), min_size=size, max_size=size)
    return st.builds(
        lambda order, sign: (np.array(order) / size * np.array(sign) * 1.3 + 0.0173).reshape(shape), spread, signs
    )


MATMULS = (
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (2, 3, 2)),
)  # fmt: skip
STRETCHED = (((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), (2, 1)), ((2, 3), ()), ((2, 1, 3), (2, 1)), ((1, 3), (2, 3)))
ENTRYWISE = ("tanh({})", "sigmoid({})", "exp(-({})**2)", "({})**2", "sin({})", "relu({})", "softplus({})", "{}")
REDUCTIONS = ("sum", "mean", "max", "min", "logsumexp", "norm", "prod", "var", "std", "softmax", "cumsum")
PARTS = {
    1: ("{}[1:]", "{}[::-1]", "{}[[0, 1, 0]]", "{}[-1]", "{}[None, :]", "{}"),
    2: ("{}[0]", "{}[:, 1:]", "{}[::-1, 0]", "{}[[1, 0, 1]]", "{}.T", "flatten({})", "{}[:, None]", "{}[..., 0]", "{}"),
    3: ("{}[0, 1]", "{}[:, 0, ::-1]", "{}[..., 0]", "reshape({}, (-1, 2))", "{}"),
}


@st.composite
def array_programs(draw: st.DrawFn) -> Case:
    """Programs on arrays: a product or a stretched operation, entry by entry functions, a part, a reduction."""
    left, right = draw(st.sampled_from(MATMULS + STRETCHED))
    sign = "@" if (left, right) in MATMULS else draw(st.sampled_from(("+", "-", "*", "/ (2.7 +")))
    first, second = (draw(st.sampled_from(ENTRYWISE)).format(name) for name in ("a", "b"))
    product = f"c = ({first}) {sign} ({second})" + ")" * sign.count("(")
    shape = np.shape((np.ones(left) @ np.ones(right)) if sign == "@" else np.ones(left) + np.ones(right))
    text = f"{product}\nd = {draw(st.sampled_from(ENTRYWISE)).format('c')} + 0.5*c\n"
    text += draw(st.sampled_from(PARTS.get(len(shape), ("{}",)))).format("d")
    given = {"a": draw(arrays(left)), "b": draw(arrays(right))}
    return Case(draw(_reduced(text, len(shape))), given)


@st.composite
def _reduced(draw: st.DrawFn, text: str, rank: int) -> str:
    """The program with a reduction of `d` in place of the part, or beside it."""
    if rank == 0 or draw(st.booleans()):
        return text
    name = draw(st.sampled_from(REDUCTIONS))
    axis = draw(st.sampled_from([*range(-rank, rank), *([None] if name != "softmax" else [])]))
    keep = f", keepdims={draw(st.booleans())}" if name not in {"softmax", "cumsum"} else ""
    lines = text.splitlines()
    return "\n".join([*lines[:-1], f"r = {name}(d, axis={axis}{keep})", "r*r + 0.3*r"])


def far_from_corners(data: dict[str, Any], room: float = 1e-3) -> bool:
    """Whether no operation with a corner is near it, so that a small step meets no other slope."""
    nodes = data["nodes"]
    for node in nodes:
        found = [np.asarray(nodes[index]["value"], dtype=float) for index in node["inputs"]]
        corners = _CORNERS.get(node["op"])
        if corners is not None and any(np.any(np.abs(gap) < room) for gap in corners(*found)):
            return False
    return True


def _apart(x: Any, axis: Any = None) -> list[Any]:
    entries = np.sort(np.ravel(x))
    return [np.diff(entries)]


_CORNERS: dict[str, Any] = {
    **dict.fromkeys(("relu", "abs", "leaky_relu", "elu", "selu"), lambda x: [x]),
    **dict.fromkeys(("maximum", "minimum", "gt", "lt", "ge", "le"), lambda a, b: [a - b]),
    **dict.fromkeys(("max", "min"), _apart),
    **dict.fromkeys(("std", "norm"), lambda x: [np.max(np.abs(x - np.mean(x)), initial=0.0), np.max(np.abs(x))]),
    "hardtanh": lambda x: [np.abs(x) - 1],
}
