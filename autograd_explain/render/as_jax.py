"""The run as a JAX script: the same program, its gradient by `jax`, and how far both libraries' numbers are apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

import numpy as np

from autograd_explain.code.jax_forms import JAX
from autograd_explain.code.recorded import Line, Recorded
from autograd_explain.render.as_code import (
    compared,
    functions_of,
    given_values,
    gradients_literal,
    heading,
    parameters,
)
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_TITLE = "One run of a program in JAX, its gradients, and how far they are from autograd-explain's."


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the script. Raises InputError for an operation that has no text in JAX."""
    out.write(script(run))


def script(run: Explanation) -> str:
    """The whole script."""
    recorded = Recorded(run, JAX)
    body = compared(recorded, "JAX", _given(recorded), _backwards(recorded))
    functions = functions_of(recorded, body)
    head = [*heading(run, _TITLE), "import json", "import math", "", "import jax", "import jax.numpy as jnp", ""]
    return "\n".join([*head, 'jax.config.update("jax_enable_x64", True)', "", "", functions, *body]) + "\n"


def _given(recorded: Recorded) -> Iterator[Line]:
    for record, name in given_values(recorded):
        made = recorded.library.array_text(record.value if record.shape else np.float64(record.value))
        yield Line(f"{name} = {made}", "" if record.tracked else "not differentiated")


def _backwards(recorded: Recorded) -> Iterator[str]:
    run, given = recorded.run, list(given_values(recorded))
    places = tuple(place for place, (record, _) in enumerate(given) if record.tracked)
    names = parameters(recorded)
    seed = run.sweep.seed
    if not places:
        yield f"result = program({names})"
        yield "found = ()"
    elif type(seed) is float and seed == 1.0:
        yield f"argnums = {places}  # the arguments to differentiate by"
        yield f"result, found = jax.value_and_grad(program, argnums)({names})"
    else:
        yield from _with_upstream(recorded, places)
    yield ""
    yield "value = plain(result)"
    yield from gradients_literal(recorded, lambda name: f"plain(found[{_position(recorded, name)}])")


def _position(recorded: Recorded, name: str) -> int:
    tracked = [record.name for record, _ in given_values(recorded) if record.tracked]
    return tracked.index(name)


def _with_upstream(recorded: Recorded, places: tuple[int, ...]) -> Iterator[str]:
    """The pull-back by hand: for a result of many entries, and for an upstream that is not 1."""
    seed, given = recorded.run.sweep.seed, [name for _, name in given_values(recorded)]
    wanted = ", ".join(given[place] for place in places)
    fixed = f"lambda {wanted}: program({', '.join(given)})" if len(places) < len(given) else "program"
    yield f"result, pull_back = jax.vjp({fixed}, {wanted})"
    if type(seed) is float:
        text = f"jnp.float64({recorded.library.number(seed)})"
    else:
        text = "jnp.ones_like(result)" if np.all(seed == 1.0) else recorded.library.array_text(seed)
    yield f"found = pull_back({text})"
