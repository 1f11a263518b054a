"""The run as a PyTorch script: the same program, its `backward()`, and how far both libraries' numbers are apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

import numpy as np

from autograd_explain.code.recorded import Line, Recorded
from autograd_explain.code.torch_forms import TORCH
from autograd_explain.render.as_code import (
    compared,
    functions_of,
    given_values,
    gradients_literal,
    heading,
    imports,
    parameters,
)
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_TITLE = "One run of a program in PyTorch, its gradients, and how far they are from autograd-explain's."
_GRADIENT = '''def gradient_of(given):
    """The gradient that reached a given value; zeros where no path led."""
    return torch.zeros_like(given) if given.grad is None else given.grad
'''
_MODULES = (("F", "import torch.nn.functional as F"),)


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the script. Raises InputError for an operation that has no text in PyTorch."""
    out.write(script(run))


def script(run: Explanation) -> str:
    """The whole script."""
    recorded = Recorded(run, TORCH)
    body = compared(recorded, "PyTorch", _given(recorded), _backwards(recorded))
    functions = functions_of(recorded, body, _GRADIENT)
    head = [*heading(run, _TITLE), "import json", "import math", "", "import torch"]
    head += [*imports("\n".join([functions, *body]), _MODULES), "", "torch.set_default_dtype(torch.float64)", "", ""]
    return "\n".join([*head, functions, *body]) + "\n"


def _given(recorded: Recorded) -> Iterator[Line]:
    for record, name in given_values(recorded):
        made = recorded.library.array_text(record.value if record.shape else np.float64(record.value))
        if record.tracked:
            is_made_here = made.startswith("torch.tensor")
            made = f"{made[:-1]}, requires_grad=True)" if is_made_here else f"{made}.requires_grad_()"
        yield Line(f"{name} = {made}", "" if record.tracked else "not differentiated")


def _backwards(recorded: Recorded) -> Iterator[str]:
    run = recorded.run
    yield f"result = program({parameters(recorded)})"
    seed = run.sweep.seed
    if not run.result.tracked:
        yield "# The result depends on none of the values differentiated by: every gradient stays 0."
    elif type(seed) is float:
        yield "result.backward()" if seed == 1.0 else f"result.backward(torch.tensor({recorded.library.number(seed)}))"
    else:
        ones = bool(np.all(seed == 1.0))
        yield f"result.backward({'torch.ones_like(result)' if ones else recorded.library.array_text(seed)})"
    yield ""
    yield "value = plain(result)"
    yield from gradients_literal(recorded, lambda name: f"plain(gradient_of({recorded.given[name]}))")
