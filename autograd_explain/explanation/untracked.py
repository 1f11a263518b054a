"""What a program worked out without anything tracked in it: numbers that have a name and no place on the record.

A view lists them beside the recorded operations, for a reader looks for every name of the program.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.shapes import as_value
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import CONSTANT, Var

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation


def named_arrays(run: Explanation, node: Var) -> list[Var]:
    """The arrays of the program's own, by name, that an operation uses."""
    return [
        argument
        for argument in node.inputs
        if argument.op is CONSTANT and type(argument.value) is not float and _name_of(run, argument)
    ]


def _name_of(run: Explanation, constant: Var) -> str:
    label = run.words.labels[constant.index]
    return label if label.isidentifier() else ""


def last_values(run: Explanation) -> list[tuple[str, Any]]:
    """The names of the program that hold a plain number or array at its end, with it, in the order of assigning.

    Names that were given a literal once are left out: the program's text says what they are.
    """
    program = run.program
    left = run.tape.left
    if program is None or not left:
        return []
    counts: dict[str, int] = {}
    literal: set[str] = set()
    for part in ast.walk(program):
        targets = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, _BINDS) else []
        for name in (leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)):
            counts[name] = counts.get(name, 0) + 1
            if isinstance(getattr(part, "value", None), ast.Constant):
                literal.add(name)
    told = [name for name in left if counts.get(name, 0) > (name in literal)]
    return [(name, as_value(left[name])) for name in told if _is_plain(left[name])]


_BINDS = (ast.AugAssign, ast.AnnAssign)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (Traced, tuple)) and np.ndim(value) < _DEEP


_DEEP = 30
