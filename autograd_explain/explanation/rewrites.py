"""Better forms: what to write instead, found by the pattern on the record and told in the program's own words.

A pattern looks at one operation and what it was made from. The form it proposes is worked out on this run's
numbers, so that a note can say what it would give here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.core.op import compute
from autograd_explain.core.registry import OPERATIONS, find
from autograd_explain.core.var import CONSTANT, Var

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_UP = 4  # a pattern reaches at most so far from the operation that went wrong to its outermost one


class Better(NamedTuple):
    """A form that keeps its digits: its text, the one it stands for, and what it gives on this run's numbers."""

    text: str
    old: str
    value: Any
    anchor: Var


class _Form(NamedTuple):
    """What a pattern found: the better form over recorded values, and which values the pattern covers."""

    write: str  # with {0}, {1} for the arguments' texts, <0>, <1> for those in brackets where they need some
    arguments: tuple[Var, ...]
    work: Callable[..., Any]
    covered: tuple[Var, ...]


def better_form(run: Explanation, node: Var) -> Better | None:
    """The better form of the largest known pattern that an operation is part of, or None."""
    found = [
        (anchor, form)
        for anchor in _outwards(run, node)
        for form in (pattern(anchor) for pattern in PATTERNS.get(anchor.op.name, ()))
        if form is not None and any(node is part for part in (anchor, *form.covered))
    ]
    if not found:
        return None
    anchor, form = max(found, key=lambda pair: len(pair[1].covered))
    texts = [_as_argument(run, argument, (anchor, *form.covered)) for argument in form.arguments]
    with np.errstate(all="ignore"):
        value = form.work(*(np.asarray(argument.value)[()] for argument in form.arguments))  # IEEE, never an exception
    return Better(_filled(form.write, texts), _text(run, anchor, outermost=True), value, anchor)


def _filled(write: str, texts: list[str]) -> str:
    def put(place: re.Match[str]) -> str:
        text = texts[int(place[2])]
        return text if place[1] == "{" or _ATOM.fullmatch(text) else f"({text})"

    return re.sub(r"([{<])(\d)[}>]", put, write)


_ATOM = re.compile(r"\w+(\([^()]*\))?")


def _outwards(run: Explanation, node: Var) -> Iterator[Var]:
    """The operation itself, what uses it, and what uses that, nearest first."""
    yield node
    reached = [node]
    for _ in range(_UP):
        inside = {value.index for value in reached}
        after = reached[0].index + 1
        reached = [
            user for user in run.tape.nodes[after : after + _FAR] if any(a.index in inside for a in user.inputs)
        ]
        if not reached:
            return
        yield from reached


_FAR = 200  # how many recorded values further a use is looked for


def _as_argument(run: Explanation, argument: Var, users: tuple[Var, ...]) -> str:
    """A value as the operation that uses it writes it: inside a function that is the parameter's name."""
    for user in users:
        for position, used in enumerate(user.inputs):
            children = argument_texts(user)
            if used is argument and position < len(children):
                return run.text_of(children[position])
    return _text(run, argument)


def argument_texts(node: Var) -> list[ast.expr]:
    """The texts of an operation's arguments, where its place in the program is that very operation."""
    site = node.site
    if isinstance(site, ast.BinOp) and len(node.inputs) == 2:
        return [site.left, site.right]
    if isinstance(site, ast.Call) and isinstance(site.func, ast.Name) and find(site.func.id) is node.op:
        return list(site.args[: len(node.inputs)])
    return []


def _text(run: Explanation, node: Var, *, outermost: bool = False) -> str:
    """A value in the program's own words; by its label where it has a name or no words."""
    label = run.words.label(node)
    if not node.inputs or (node.index in run.tape.names and not outermost):
        return label
    return run.text_of(node.site) or label


def _is(node: Var, number: float) -> bool:
    return node.op is CONSTANT and type(node.value) is float and node.value == number


def _is_op(node: Var, *names: str) -> bool:
    return node.op.name in names


def _beside_one(node: Var) -> Var | None:
    """The x of `1 + x` or `x + 1`."""
    if not _is_op(node, "add"):
        return None
    first, second = node.inputs
    return second if _is(first, 1.0) else first if _is(second, 1.0) else None


def _worked(name: str) -> Callable[..., Any]:
    op = OPERATIONS[name]

    def work(*values: Any) -> Any:
        return compute(op, values, {o.name: o.default for o in op.options})

    return work


def _squared(node: Var) -> Var | None:
    """The x of `x**2`, `square(x)` or `x*x`."""
    if _is_op(node, "square") or (_is_op(node, "pow") and _is(node.inputs[1], 2.0)):
        return node.inputs[0]
    return node.inputs[0] if _is_op(node, "mul") and node.inputs[0] is node.inputs[1] else None


def _log_of_one_plus(node: Var) -> _Form | None:
    inner = node.inputs[0]
    x = _beside_one(inner)
    if x is not None and _is_op(x, "exp"):
        return _Form("softplus({0})", (x.inputs[0],), _worked("softplus"), (inner, x))
    if x is not None:
        return _Form("log1p({0})", (x,), _worked("log1p"), (inner,))
    if _is_op(inner, "sub") and _is(inner.inputs[0], 1.0):
        return _Form("log1p(-<0>)", (inner.inputs[1],), lambda v: _worked("log1p")(-v), (inner,))
    return None


def _log_of_sum_of_exps(node: Var) -> _Form | None:
    inner = node.inputs[0]
    if _is_op(inner, "sum") and _is_op(inner.inputs[0], "exp") and not inner.shape:
        exps = inner.inputs[0]
        return _Form("logsumexp({0})", (exps.inputs[0],), _worked("logsumexp"), (inner, exps))
    exps_of = _added(inner)
    if len(exps_of) < 2 or not all(_is_op(term, "exp") for term in exps_of):
        return None
    arguments = tuple(term.inputs[0] for term in exps_of)
    text = ", ".join("{" + str(at) + "}" for at in range(len(arguments)))

    def work(*values: Any) -> Any:
        together: Any = np.logaddexp.reduce
        return together(np.broadcast_arrays(*values), axis=0)

    write = f"logsumexp([{text}])" if not node.shape else f"logsumexp(stack([{text}]), axis=0)"
    return _Form(write, arguments, work, (inner, *exps_of))


def _added(node: Var) -> list[Var]:
    """The terms of a sum, left to right."""
    if not _is_op(node, "add"):
        return [node]
    return [*_added(node.inputs[0]), node.inputs[1]]


def _log_of_share(node: Var) -> _Form | None:
    """log of softmax, of sigmoid, or of either written out."""
    inner = node.inputs[0]
    if _is_op(inner, "softmax") and inner.tape.options.get(inner.index, {}).get("axis", -1) == -1:
        return _Form("log_softmax({0})", (inner.inputs[0],), _worked("log_softmax"), (inner,))
    if _is_op(inner, "sigmoid"):
        return _Form("logsigmoid({0})", (inner.inputs[0],), _worked("logsigmoid"), (inner,))
    shares = _exp_over_sum(inner)
    if shares is not None:
        return _Form("log_softmax({0})", shares.arguments, _worked("log_softmax"), (inner, *shares.covered))
    return None


def _exp_over_sum(node: Var) -> _Form | None:
    """exp(x)/sum(exp(x)): softmax by hand."""
    if not _is_op(node, "div") or not _is_op(node.inputs[0], "exp") or not _is_op(node.inputs[1], "sum"):
        return None
    above, below = node.inputs
    exps = below.inputs[0]
    if below.shape or not _is_op(exps, "exp") or exps.inputs[0] is not above.inputs[0]:
        return None
    return _Form("softmax({0})", (above.inputs[0],), _worked("softmax"), (above, below, exps))


def _one_over_one_plus_exp(node: Var) -> _Form | None:
    """1/(1 + exp(-x)): the sigmoid by hand."""
    inner = _beside_one(node.inputs[1]) if _is(node.inputs[0], 1.0) else None
    if inner is None or not _is_op(inner, "exp"):
        return None
    x = inner.inputs[0]
    if _is_op(x, "neg"):
        return _Form("sigmoid({0})", (x.inputs[0],), _worked("sigmoid"), (node.inputs[1], inner, x))
    return _Form("sigmoid(-<0>)", (x,), lambda v: _worked("sigmoid")(-v), (node.inputs[1], inner))


def _root_of_squares(node: Var) -> _Form | None:
    """sqrt(a**2 + b**2), or the root of a sum of squares."""
    inner = node.inputs[0]
    if _is_op(inner, "sum") and not inner.shape:
        x = _squared(inner.inputs[0])
        return _Form("norm({0})", (x,), _worked("norm"), (inner, inner.inputs[0])) if x is not None else None
    if not _is_op(inner, "add"):
        return None
    sides = [_squared(term) for term in inner.inputs]
    if sides[0] is None or sides[1] is None:
        return None
    return _Form("hypot({0}, {1})", (sides[0], sides[1]), _worked("hypot"), (inner, *inner.inputs))


def _exp_less_one(node: Var) -> _Form | None:
    left, right = node.inputs
    if _is_op(left, "exp") and _is(right, 1.0):
        return _Form("expm1({0})", (left.inputs[0],), _worked("expm1"), (left,))
    return None


def _one_less(node: Var) -> _Form | None:
    """1 - f(x) for the functions that have a name for it."""
    left, right = node.inputs
    known = _ONE_LESS.get(right.op.name)
    if not _is(left, 1.0) or known is None:
        return None
    return _Form(known[0], (right.inputs[0],), known[1], (right,))


_ONE_LESS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sigmoid": ("sigmoid(-<0>)", lambda x: _worked("sigmoid")(-x)),
    "cos": ("2*sin(<0>/2)**2", lambda x: 2 * np.sin(x / 2) ** 2),
    "tanh": ("2*sigmoid(-2*<0>)", lambda x: 2 * _worked("sigmoid")(-2 * x)),
    "erf": ("erfc({0})", _worked("erfc")),
    "exp": ("-expm1({0})", lambda x: -_worked("expm1")(x)),
}


def _less(node: Var) -> _Form | None:
    """A difference of two roots, of two logarithms, or of two squares."""
    left, right = node.inputs
    if _is_op(left, "sqrt") and _is_op(right, "sqrt"):
        inner = (left.inputs[0], right.inputs[0])
        write = "(<0> - <1>)/(sqrt({0}) + sqrt({1}))"
        return _Form(write, inner, lambda a, b: (a - b) / (np.sqrt(a) + np.sqrt(b)), (left, right))
    if _is_op(left, "log") and _is_op(right, "log"):
        inner = (left.inputs[0], right.inputs[0])
        return _Form("log1p((<0> - <1>)/<1>)", inner, lambda a, b: np.log1p((a - b) / b), (left, right))
    a, b = _squared(left), _squared(right)
    if a is None or b is None:
        return None
    return _Form("(<0> - <1>)*(<0> + <1>)", (a, b), lambda a, b: (a - b) * (a + b), (left, right))


PATTERNS: dict[str, tuple[Callable[[Var], _Form | None], ...]] = {
    "log": (_log_of_share, _log_of_one_plus, _log_of_sum_of_exps),
    "sqrt": (_root_of_squares,),
    "div": (_one_over_one_plus_exp, _exp_over_sum),
    "sub": (_exp_less_one, _one_less, _less),
}
"""What is looked for at an operation, by its name."""
