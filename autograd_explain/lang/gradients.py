"""`grad(y, x)`: the gradient of a value by the value of a name, as a value of the program.

Its arithmetic is recorded like any other, inside a scope of the call's own text, so that it can be differentiated
again: a gradient penalty, or Newton's step.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError, NameProblem, RecordingNeeded
from autograd_explain.lang.expressions import Code, Scope, expression
from autograd_explain.lang.frame import Frame
from autograd_explain.modes.higher import dependents, recorded_gradients

NAME = "grad"


class About(NamedTuple):
    """What is to be known about the function, as about any other."""

    signature: str = "grad(y, x)"
    note: str = (
        "The gradient of the value y by the name x, as a value: recorded, so that it can be differentiated again. "
        "A y with several entries counts as their sum."
    )
    example: str = "grad(x**3, x)"


ABOUT = About()


def gradient(node: ast.Call, scope: Scope) -> tuple[list[Code], Callable[[Frame, list[Any]], Any]]:
    """The closures of a call's value and name, and the work done with what they give.

    Raises DomainError for another form of the call, and NameProblem where what stands second is no name.
    """
    if len(node.args) != 2 or node.keywords:
        count = len(node.args) + len(node.keywords)
        error = DomainError(f"grad takes 2 arguments, not {count}", hint="grad(y, x): of the value y, by the name x")
        raise scope.failed(node, error)
    by = node.args[1]
    if not isinstance(by, ast.Name):
        text = scope.parsed.text_of(by)
        hint = f"give it a name first: u = {text}, then grad(…, u) of what is made from u"
        raise scope.failed(by, NameProblem(f"grad is by a name, not by {text}", hint=hint))
    name = by.id

    def work(frame: Frame, given: list[Any]) -> Any:
        value, target = given
        if any(isinstance(part, Traced) and not isinstance(part, Var) for part in given):
            raise scope.failed(node, RecordingNeeded("a gradient is taken of recorded numbers only"))
        if not isinstance(target, Var):
            hint = f"grad is by a given value: --{name} 2, or by what was made from one"
            raise scope.failed(by, NameProblem(f"{name} is a plain number here: nothing is recorded of it", hint=hint))
        if not (isinstance(value, Var) and _depends(value, target)):
            raise scope.failed(node, _no_path(scope.parsed.text_of(node.args[0]), name))
        frame.tape.site = node
        (found,) = recorded_gradients(frame.tape, value, [target])
        return found

    return [expression(node.args[0], scope), expression(by, scope)], work


def _depends(value: Var, target: Var) -> bool:
    return dependents(value.tape.nodes[: value.index + 1], [target])[value.index]


def _no_path(text: str, name: str) -> DomainError:
    hint = f"where {name} got another value, keep the one that was used under a name of its own"
    return DomainError(f"no path leads from {name} to {text}, so there is no gradient by it", hint=hint)


def takes_gradients(tree: ast.AST) -> bool:
    """Whether a program calls `grad`: running it again then needs a record, not numbers alone."""
    calls = (part for part in ast.walk(tree) if isinstance(part, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id == NAME for call in calls)
