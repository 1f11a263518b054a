"""Every operation of the table has its text in every library, and the text gives its value and its gradients."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain import explain
from autograd_explain.check.law_parts import own_samples
from autograd_explain.code.jax_forms import JAX
from autograd_explain.code.numpy_forms import NUMPY
from autograd_explain.code.torch_forms import TORCH
from autograd_explain.core.op import Op, apply
from autograd_explain.core.registry import OPERATIONS
from tests.code.scripts import TARGETS, apart, needs, run
from tests.laws.test_laws import SAMPLES

EXAMPLE_VALUES = {"x": 0.3, "y": 0.7, "a": 0.4, "b": 0.9, "lo": 0.0, "hi": 1.0, "w": 1.5}
BEYOND_ONE = {"acosh": {"x": 1.7}}
MODULES = {"NumPy": "numpy", "PyTorch": "torch", "JAX": "jax"}
FILES = {library: f"autograd_explain/code/{module}_forms.py" for library, module in MODULES.items()}


def samples(op: Op, target: str) -> list[Any]:
    """Arguments and options to try an operation with: all for NumPy, the moderate and few for the others."""
    found = SAMPLES.get(op.name) or [s for s in own_samples(op) if _moderate(s)][:3]
    if target == "numpy":
        return found
    found = [sample for sample in found if _moderate(sample) and not _at_kink(op, sample)]
    return found if target == "torch" else found[:1]  # JAX compiles each operation for each shape


def _moderate(sample: Any) -> bool:
    return all(np.all((np.abs(arg) < 8) & (np.abs(arg) > 1e-3)) for arg in sample[0])


def _at_kink(op: Op, sample: Any) -> bool:
    return any(np.any(kink.at(*map(np.asarray, sample[0]), **sample[1])) for kink in op.kinks)


def explained(op: Op, args: Any, options: Any) -> Any:
    """The operation on these arguments, as a Python function of them; numbers that only select are not tracked."""
    selecting = set(op.selects(*args)) if op.selects is not None else set()
    given = {f"a{place}": arg for place, arg in enumerate(args)}
    tracked = [name for place, name in enumerate(given) if place not in selecting]
    shape = np.shape(apply(op, *args, **options))
    upstream = np.random.default_rng(8).uniform(0.5, 1.5, shape)  # of ones alone softmax makes nothing
    return explain(lambda **values: apply(op, *values.values(), **options), given, wrt=tracked, upstream=upstream)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_the_text_gives_the_value_and_the_gradients(op: Op, target: str) -> None:
    needs(target)
    tried = [explained(op, args, options) for args, options in samples(op, target)]
    assert tried or op.kinks or op.internal or target != "numpy"
    broken = [(e.inputs, apart(e, run(e.to_code(target)))) for e in tried]
    assert [] == [case for case in broken if case[1]]


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if not op.internal], ids=lambda op: op.name)
def test_the_examples_script_gives_what_was_found(op: Op) -> None:
    names = set(re.findall(r"\b[a-z]+\b(?!\()", op.example))
    values = {**EXAMPLE_VALUES, **BEYOND_ONE.get(op.name, {})}
    explanation = explain(op.example, {name: value for name, value in values.items() if name in names})
    assert [] == apart(explanation, run(explanation.to_code("numpy")))


@pytest.mark.parametrize(
    "shapes", [((2, 3), (3,)), ((2, 1), (3,)), ((), (2, 3)), ((1, 3), (2, 1)), ((3, 1, 2), (2, 1))]
)
@pytest.mark.parametrize("target", TARGETS)
def test_what_was_repeated_is_summed(shapes: Any, target: str) -> None:
    needs(target)
    random = np.random.default_rng(3)
    a, b = (random.uniform(0.5, 1.5, shape) for shape in shapes)
    explanation = explain("a*b + a/b - b**a", a=a if a.shape else float(a), b=b)
    assert [] == apart(explanation, run(explanation.to_code(target)))


@pytest.mark.parametrize("library", [NUMPY, TORCH, JAX], ids=lambda library: library.name)
def test_every_text_is_that_of_an_operation_and_every_helper_is_called(library: Any) -> None:
    assert [] == sorted(set(library.forms) - set(OPERATIONS))
    texts = "\n".join([*library.helpers.values()])
    texts += Path(__file__).parents[2].joinpath(FILES[library.name]).read_text("utf-8")
    assert [] == [name for name in library.helpers if texts.count(name) < 2]
