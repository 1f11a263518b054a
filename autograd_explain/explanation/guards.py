"""nan out of a side that `where` did not take, and the guard that keeps it away.

The guard is the program's own text with one argument replaced, tried out before it is proposed; `complete` runs the
program with it and guards what is left, until no side that was not taken makes nan.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.op import compute
from autograd_explain.core.shapes import zeros_of
from autograd_explain.core.var import Var
from autograd_explain.explanation.rewrites import argument_texts
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
        choice = _not_taken(walk.run, step.node, trap)
        if choice is None:
            continue
        first = not walk.trapped
        walk.trapped += 1
        walk.last_trap = step.number
        guard = _guard(walk.run, step.node, part.position, choice)
        if first and guard.new is not None:
            guard = _Guard(complete(walk.run, step.node.site, guard.new) or guard.text, guard.new)
        full = (
            f"where did not take this side, so its upstream is 0; but the slope of {step.node.op.name} there is "
            f"{slope}, and 0 × {slope} = nan. The forward value was thrown away, its gradient was not. "
        )
        return f"{full}Guard the argument as well: {guard.text}.", f"{again}: {guard.text}"
    return None


def first_guard(run: Explanation) -> tuple[ast.expr, ast.expr] | None:
    """The first operation that a `where` lets make nan, by its place in the program, and what to write there."""
    for step in run.walk():
        for part in step.parts if step.node.op.elementwise else ():
            upstream, local = np.broadcast_arrays(np.asarray(step.upstream), np.asarray(part.local))
            trap = (upstream == 0) & ~np.isfinite(local)
            choice = _not_taken(run, step.node, trap) if np.any(trap) else None
            guard = _guard(run, step.node, part.position, choice) if choice else None
            if guard is not None and guard.new is not None:
                return step.node.site, guard.new
    return None


def complete(run: Explanation, site: ast.expr, new: ast.expr) -> str | None:
    """What to write, with every further guard that is needed once this one stands; None where that is not found."""
    from autograd_explain.explanation.rewritten import Rewriting

    rewriting = Rewriting.of(run)
    for _ in range(_MOST_ROUNDS):
        if rewriting is None:
            return None
        rewriting = rewriting.with_new(site, ast.unparse(new))
        again = rewriting.explained() if rewriting else None
        if rewriting is None or again is None:
            return None
        found = first_guard(again)
        if found is None:
            return rewriting.told()
        site, new = found
    return None


_MOST_ROUNDS = 8


class _Guard(NamedTuple):
    """What to write, in words, and as the program's syntax where it has text for it."""

    text: str
    new: ast.expr | None = None


def _not_taken(run: Explanation, node: Var, trap: Any) -> _Choice | None:
    """The `where` that a value leads to on a side that was not taken where the `trap` is, if there is one."""
    reached = {node.index}
    for user in run.tape.nodes[node.index + 1 :]:
        places = [place for place, argument in enumerate(user.inputs) if argument.index in reached]
        if not places:
            continue
        reached.add(user.index)
        if user.op.name == "where":
            holds = np.asarray(user.inputs[0].value) != 0
            for side in places:
                if side and np.any(_there(holds != (side == 1), trap)):
                    return _Choice(user, side)
    return None


def _there(left_out: Any, trap: Any) -> Any:
    """Which entries were left out, of those that are trapped where both have the same entries."""
    return left_out & trap if np.shape(left_out) == np.shape(trap) else left_out


def _guard(run: Explanation, node: Var, position: int, choice: _Choice) -> _Guard:
    """What to write instead, as program text; in general words where the program has no text for it."""
    general = f"let what goes into {node.op.name} come from a where too, with a harmless number on this side"
    condition = _condition(choice)
    children = argument_texts(node)
    if condition is None or not children or run.node(node).scope != run.node(choice.node).scope:
        return _Guard(general)
    for place in sorted(range(len(children)), key=lambda place: place != position):
        harmless = _harmless(run, node, place)
        if harmless is not None:
            sides = [children[place], ast.Constant(int(harmless) if harmless.is_integer() else harmless)]
            name = ast.Name("where", ast.Load())
            guarded = ast.Call(name, [condition, *(sides if choice.side == 1 else sides[::-1])], [])
            new = _replaced(node.site, place, guarded)
            return _Guard(f"write {ast.unparse(new)} for {run.text_of(node.site)}", new)
    return _Guard(general)


def _condition(choice: _Choice) -> ast.expr | None:
    made = choice.node.inputs[0]
    if made.inputs and isinstance(made.site, ast.expr):
        return made.site
    call = choice.node.site
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


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
            candidate + zeros_of(v) if at == place else v.value for at, v in enumerate(node.inputs)
        )
        values = tuple(float(v) if np.ndim(v) == 0 else v for v in values)
        out = compute(node.op, values, options)
        upstream = zeros_of(out)
        tracked = [at for at, argument in enumerate(node.inputs) if argument.tracked]
        if all(all_finite(pass_back(node.op, at, upstream, out, values, options)[1]) for at in tracked):
            return candidate
    return None
