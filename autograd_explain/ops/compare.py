"""Comparisons and choices: 1.0 for true, 0.0 for false, and `where`.

A comparison is flat between its jumps, so it is never tracked.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_explain.core.notation import COMPARE, Call, Infix
from autograd_explain.core.op import Op, apply
from autograd_explain.core.registry import define
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import binary
from autograd_explain.ops.arithmetic import FAST

_FLAT = "True is 1 and false is 0: flat between the jumps, so no gradient passes."


def _comparison(name: str, symbol: str, plain: Any, array: Any) -> Op:
    def symbolic(sp: Any, a: Any, b: Any) -> Any:
        return sp.choose(sp.compare(symbol, a, b), 1, 0)

    return define(Op(
        name, ("a", "b"), array, symbolic, Infix(symbol, COMPARE), "comparison", _FLAT,
        scalar=lambda a, b: float(plain(a, b)), partials=(0.0, 0.0), differentiable=False,
        example=f"where(x {symbol} 1, x, 0)",
    ))  # fmt: skip


less = _comparison("lt", "<", operator.lt, np.less)
less_equal = _comparison("le", "<=", operator.le, np.less_equal)
greater = _comparison("gt", ">", operator.gt, np.greater)
greater_equal = _comparison("ge", ">=", operator.ge, np.greater_equal)
equal = _comparison("eq", "==", operator.eq, np.equal)
not_equal = _comparison("ne", "!=", operator.ne, np.not_equal)
FAST.update({op.name: binary(op) for op in (less, less_equal, greater, greater_equal, equal, not_equal)})
COMPARISONS = {op.layout.symbol: op for op in (less, less_equal, greater, greater_equal, equal, not_equal)}  # type: ignore[union-attr]

for _op in COMPARISONS.values():
    setattr(Traced, f"__{_op.name}__", lambda self, other, op=_op: apply(op, self, other))

where: Op = define(Op(
    "where", ("c", "a", "b"), lambda c, a, b: np.where(c != 0, a, b),
    lambda sp, c, a, b: sp.choose(sp.compare("!=", c, 0), a, b), Call("where"), "choice",
    "The gradient follows the side that was taken; the other side gets 0, the condition nothing.",
    scalar=lambda c, a, b: a if c != 0.0 else b,
    partials=(None, lambda out, c, a, b: c != 0, lambda out, c, a, b: c == 0),
    shown=(None, lambda out, c, a, b: where(c, 1, 0), lambda out, c, a, b: where(c, 0, 1)),
    example="where(x > 0, x, 0.1*x)",
))  # fmt: skip

detach = define(Op(
    "detach", ("x",), np.positive, lambda sp, x: x, Call("detach"), "choice",
    "The value goes on, the gradient does not: the path is cut here on purpose.",
    scalar=lambda x: x, partials=(0.0,), differentiable=False, example="x*detach(x)",
))  # fmt: skip
