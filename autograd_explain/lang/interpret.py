"""A program run on values: what it records, and the way to run it again.

Ties parsed text, compiled closures and the tape together. Knows nothing of gradients.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from autograd_explain.core.op import ELEMENTS, WORK, silenced
from autograd_explain.core.shapes import as_value
from autograd_explain.core.tape import Tape, uncollected
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, constant, leaf
from autograd_explain.errors import ExplainError, LanguageError, LimitError
from autograd_explain.lang.calls import function_names, stacked
from autograd_explain.lang.expressions import Scope
from autograd_explain.lang.frame import Frame, Run, deep_calls, on_one_stretch
from autograd_explain.lang.gradients import takes_gradients
from autograd_explain.lang.parse import Parsed, parse
from autograd_explain.lang.statements import block, cost
from autograd_explain.limits import DEFAULT_LIMITS, Limits
from autograd_explain.modes.records import Recording

Execute = Callable[..., Any]


def compile_program(parsed: Parsed, *, seed: int = 0, limits: Limits = DEFAULT_LIMITS) -> Execute:
    """The program as a function of its values by name, the tape to record on, and maybe another seed.

    Raises NameProblem for unknown functions, and what the program itself runs into when it is called.
    """
    functions = {
        node.name: [a.arg for a in node.args.args] for node in parsed.tree.body if isinstance(node, ast.FunctionDef)
    }
    scope = Scope(parsed, None, functions)
    body = block(parsed.tree.body, scope)
    size = cost(parsed.tree.body)

    def execute(values: Mapping[str, Any], tape: Tape, other_seed: int | None = None) -> Any:
        run = Run(tape, limits, seed if other_seed is None else other_seed)
        names = dict(values)
        frame = Frame(names, names, run, tape)
        token = WORK.set(run.worked)
        try:
            run.spend(size)
            on_one_stretch(body, frame)
            run.spend(0)
        except LimitError as error:
            raise scope.failed(tape.site or parsed.tree.body[0], error) from None
        except RecursionError:
            hint = "a loop needs no calls inside one another"
            raise LanguageError("the program is nested too deeply to run", hint=hint, source=parsed.source) from None
        finally:
            WORK.reset(token)
        tape.left = names
        if isinstance(run.last, tuple):
            return stacked(frame, scope, parsed.tree.body[-1], run.last)  # type: ignore[arg-type]
        if run.last is None:
            raise LanguageError("the program has no result", hint="end it with an expression", source=parsed.source)
        return run.last

    return execute


@contextmanager
def _room(limits: Limits) -> Iterator[None]:
    """Room for deep programs, the limit on arrays, no search for garbage, silent arithmetic; put back afterwards."""
    token = ELEMENTS.set(limits.elements)
    try:
        with deep_calls(), uncollected(), silenced():
            yield
    finally:
        ELEMENTS.reset(token)


def record(
    parsed: Parsed,
    values: Mapping[str, Any],
    *,
    tracked: Collection[str] | None = None,
    seed: int = 0,
    limits: Limits = DEFAULT_LIMITS,
) -> Recording:
    """Run the program once with every given value an input of a new tape.

    `values` are floats or arrays by name; `tracked` names those that are differentiated (None: all).
    """
    return recorder(parsed, tracked=tracked, limits=limits)(values, seed)


def recorder(
    parsed: Parsed, *, tracked: Collection[str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Callable[[Mapping[str, Any], int], Recording]:
    """The program read once, as a function of values and a seed that runs and records it anew."""
    with _room(limits):
        execute = compile_program(parsed, limits=limits)
    recorded = takes_gradients(parsed.tree)

    def run(values: Mapping[str, Any], seed: int = 0) -> Recording:
        tape = Tape()
        with _room(limits):
            inputs = {
                name: leaf(tape, name, as_value(value), tracked=tracked is None or name in tracked)
                for name, value in values.items()
            }
            result = execute(inputs, tape, seed)
            if not isinstance(result, Var):
                result = constant(tape, result, parsed.tree.body[-1])

        def rerun(others: Mapping[str, Any]) -> Any:
            other = Tape()
            with _room(limits):
                if recorded and not any(isinstance(value, Traced) for value in others.values()):
                    others = {name: leaf(other, name, as_value(value), tracked=True) for name, value in others.items()}
                return execute(others, other, seed)

        return Recording(tape, result, inputs, rerun)

    return run


def evaluate(text: str, *, seed: int = 0, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value of a text without inputs, such as `pi/4` or `randn(3, 2)*0.1`: a float or a float64 array.

    Raises ExplainError with the place in that text.
    """
    parsed = parse(text, function_names(), limits)
    try:
        with _room(limits):
            value = compile_program(parsed, seed=seed, limits=limits)({}, Tape())
    except ExplainError as error:
        raise error.located(parsed.source, None) from None
    return as_value(value.value if isinstance(value, Traced) else value)
