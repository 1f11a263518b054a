"""Whether two formulas are the same symbol for symbol, as far as SymPy finds that out quickly.

SymPy's expressions are built from what was recorded, never read from text.
"""

from __future__ import annotations

import sympy

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.forms import Row, degree, expressions, size
from autograd_explain.core.var import CONSTANT, INPUT, Var
from autograd_explain.modes.records import Recording

_LARGEST = 40  # operations of a formula; larger ones are not worth the wait
_HIGHEST = 24  # a higher degree may multiply out to more terms than there is time for


def is_same(left: Recording, right: Recording) -> bool:
    """True where SymPy proves the two results equal for all values of their inputs; False where it does not know."""
    runs = [_rows(left), _rows(right)]
    if not all(rows and size(rows) <= _LARGEST and degree(rows) <= _HIGHEST for rows in runs):
        return False
    try:
        one, other = expressions([rows for rows in runs if rows])
        return bool(sympy.cancel(sympy.together(one - other)) == 0)
    except (Undefined, ArithmeticError, TypeError, ValueError, AttributeError, RecursionError, NotImplementedError,
            sympy.PolynomialError):  # fmt: skip
        return False


def _rows(recording: Recording) -> list[Row] | None:
    """The recorded values as plain rows; None unless all are finite numbers and elementwise operations."""
    nodes = recording.tape.nodes[: recording.result.index + 1]
    if len(nodes) > _LARGEST or any(not _is_plain(node) for node in nodes):
        return None
    return [_row(node) for node in nodes]


def _is_plain(node: Var) -> bool:
    return type(node.value) is float and node.value - node.value == 0.0 and (not node.inputs or node.op.elementwise)


def _row(node: Var) -> Row:
    if node.op is INPUT:
        return Row(node.value, True, name=str(node.tape.names[node.index]))
    if node.op is CONSTANT:
        return Row(node.value, tracked=False)
    inputs = tuple(argument.index for argument in node.inputs)
    return Row(node.value, True, None, node.op, inputs, node.tape.options.get(node.index))
