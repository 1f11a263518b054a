"""nan out of a side that `where` did not take, and the guard that keeps it away.

The guard is the program's own text with one argument replaced, tried out before it is proposed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.op import compute
from autograd_explain.core.registry import find
from autograd_explain.core.var import Var
from autograd_explain.explanation.telling import Told, Walk, all_finite, number
from autograd_explain.modes.records import Step
from autograd_explain.modes.reverse import pass_back

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_HARMLESS = (1.0, 0.0, 2.0, 0.5)  # one of these is inside the domain of every operation
_MOST_GUARDED = 5  # looking for the way to a `where` takes as long as the tape


class _Choice(NamedTuple):
    """A `where`, and the side (1 or 2) on which a value stands that was not taken everywhere."""

    node: Var
    side: int


def where_nan(walk: Walk, step: Step) -> Told:
    """0 × ∞ on a side that a `where` did not take."""
    if not walk.chooses or not step.node.op.elementwise:
        return None
    for part in step.parts:
        upstream, local = np.broadcast_arrays(np.asarray(step.upstream), np.asarray(part.local))
        trap = (upstream == 0) & ~np.isfinite(local)
        if not np.any(trap):
            continue
        slope = number(local[trap].ravel()[0])
        again = f"0 × {slope} = nan again, in {walk.label(step.node)}"
        if walk.trapped > _MOST_GUARDED:
            return again, again
        choice = _not_taken(walk.run, step.node)
        if choice is None:
            continue
        walk.trapped += 1
        guard = _guard(walk.run, step.node, part.position, choice)
        full = (
            f"where did not take this side, so its upstream is 0; but the slope of {step.node.op.name} there is "
            f"{slope}, and 0 × {slope} = nan. The forward value was thrown away, its gradient was not. "
        )
        return f"{full}Guard the argument as well: {guard}.", f"{again}: {guard}"
    return None


def _not_taken(run: Explanation, node: Var) -> _Choice | None:
    """The `where` that a value leads to on a side that was not taken, if there is one."""
    reached = {node.index}
    for user in run.tape.nodes[node.index + 1 :]:
        places = [place for place, argument in enumerate(user.inputs) if argument.index in reached]
        if not places:
            continue
        reached.add(user.index)
        if user.op.name == "where":
            holds = np.asarray(user.inputs[0].value) != 0
            for side in places:
                if side and not np.all(holds == (side == 1)):
                    return _Choice(user, side)
    return None


def _guard(run: Explanation, node: Var, position: int, choice: _Choice) -> str:
    """What to write instead, as program text; in general words where the program has no text for it."""
    general = f"let what goes into {node.op.name} come from a where too, with a harmless number on this side"
    condition = _condition(choice)
    children = _children(node)
    if condition is None or not children or run.node(node).scope != run.node(choice.node).scope:
        return general
    for place in sorted(range(len(children)), key=lambda place: place != position):
        harmless = _harmless(run, node, place)
        if harmless is not None:
            sides = [children[place], ast.Constant(int(harmless) if harmless.is_integer() else harmless)]
            name = ast.Name("where", ast.Load())
            guarded = ast.Call(name, [condition, *(sides if choice.side == 1 else sides[::-1])], [])
            new = ast.unparse(_replaced(node.site, place, guarded))
            return f"write {new} for {run.text_of(node.site)}"
    return general


def _condition(choice: _Choice) -> ast.expr | None:
    made = choice.node.inputs[0]
    if made.inputs and isinstance(made.site, ast.expr):
        return made.site
    call = choice.node.site
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def _children(node: Var) -> list[ast.expr]:
    """The texts of an operation's arguments, where its place in the program is that very operation."""
    site = node.site
    if isinstance(site, ast.BinOp) and len(node.inputs) == 2:
        return [site.left, site.right]
    if isinstance(site, ast.Call) and isinstance(site.func, ast.Name) and find(site.func.id) is node.op:
        return list(site.args[: len(node.inputs)])
    return []


def _replaced(site: Any, place: int, guarded: ast.expr) -> ast.expr:
    if isinstance(site, ast.BinOp):
        sides = [site.left, site.right]
        sides[place] = guarded
        return ast.BinOp(sides[0], site.op, sides[1])
    args = [guarded if at == place else argument for at, argument in enumerate(site.args)]
    return ast.Call(site.func, args, site.keywords)


def _harmless(run: Explanation, node: Var, place: int) -> float | None:
    """A number that keeps every slope of the operation finite in that argument's place."""
    options = run.tape.options.get(node.index, {})
    for candidate in _HARMLESS:
        values = tuple(
            candidate + 0.0 * np.nan_to_num(v.value) if at == place else v.value for at, v in enumerate(node.inputs)
        )
        values = tuple(float(v) if np.ndim(v) == 0 else v for v in values)
        out = compute(node.op, values, options)
        upstream = 0.0 if type(out) is float else np.zeros(np.shape(out))
        tracked = [at for at, argument in enumerate(node.inputs) if argument.tracked]
        if all(all_finite(pass_back(node.op, at, upstream, out, values, options)[1]) for at in tracked):
            return candidate
    return None
