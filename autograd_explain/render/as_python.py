"""The run as a Python script that needs NumPy alone: forward pass, staged backward pass, and the numbers found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from autograd_explain.code.library import LINE
from autograd_explain.code.numpy_forms import NUMPY
from autograd_explain.code.recorded import Line, Recorded
from autograd_explain.code.writing import Place, write_formula
from autograd_explain.core.formula import Formula, as_formula, written
from autograd_explain.core.notation import LANGUAGE, MULTIPLY, wrapped
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import shape_of
from autograd_explain.core.var import INPUT, Var
from autograd_explain.modes.records import Part, Step
from autograd_explain.render.as_code import PLAIN, given_values, gradients_literal, heading, imports, laid_out, section
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_TITLE = "One run of a program, forwards and backwards, with every chain-rule step written out in NumPy."
_MODULES = (("json", "import json"), ("math", "import math"))
_QUIET = ['np.seterr(all="ignore")  # infinities and nan are part of this run, not worth a warning', ""]
_SAME = 1e-13  # the textbook form is computed where it gives the recorded number to this


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the script. Raises InputError for an operation that has no text in NumPy."""
    out.write(script(run))


def script(run: Explanation) -> str:
    """The whole script."""
    recorded = Recorded(run, NUMPY)
    forward = list(recorded.statements())
    walk = _Backward(recorded)
    backward = list(walk.lines())
    body = [
        *section("The values given"),
        *laid_out(_given(recorded)),
        *section("Forward pass: every value from those before it"),
        *(_QUIET if recorded.needs_care else []),
        *laid_out([*recorded.constants, *forward]),
        *section("Backward pass: from the result back to what was given"),
        "# Every gradient starts at 0 and collects, for each use of its value, a contribution: upstream × local.",
        "# Where a whole array is handed back at once, the line itself says what becomes of the upstream.",
        *laid_out(backward),
        *section("The result and its gradients"),
        *laid_out([Line(line) for line in gradients_literal(recorded, lambda name: f"plain({walk.name_of(name)})")]),
        f'print(json.dumps({{"value": plain({recorded.result}), "gradients": gradients}}))',
    ]
    return _assembled(recorded, body)


def _assembled(recorded: Recorded, body: list[str]) -> str:
    """The body with the functions and the imports that it turns out to need."""
    text = "\n".join([*recorded.own.definitions, *body])
    functions = "\n\n\n".join([*recorded.library.helpers_for(text), *recorded.own.definitions, PLAIN.rstrip()])
    head = [*heading(recorded.run, _TITLE), *imports(functions + text, _MODULES), "", "import numpy as np", "", ""]
    return "\n".join([*head, functions, *body]) + "\n"


def _given(recorded: Recorded) -> Iterator[Line]:
    for record, name in given_values(recorded):
        if type(record.value) is float:
            number = recorded.library.number(record.value) if not np.isfinite(record.value) else repr(record.value)
            text = f"np.float64({number})" if recorded.needs_care else number
        else:
            text = recorded.library.array_text(record.value)
        yield Line(f"{name} = {text}", "" if record.tracked else "not differentiated")


class _Backward:
    """The backward pass as statements: a line for each contribution."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.run = recorded.run
        self.gradients: dict[int, str] = {}
        for node in recorded.nodes:
            if node.tracked and (node.op is INPUT or self.run.sweep.gradients[node.index] is not None):
                self.gradients[node.index] = recorded.names.give(f"d_{recorded.called.get(node.index, 'v')}")

    def lines(self) -> Iterator[Line]:
        """The zeros, the seed, and a statement for each contribution."""
        yield from self._zeros()
        yield Line("")
        yield from self._seed()
        for step in self.run.walk():
            yield from self._step(step)

    def name_of(self, given: str) -> str:
        """What the gradient by a given value is called."""
        return self.gradients[self.run.recording.inputs[given].index]

    def _zeros(self) -> Iterator[Line]:
        numbers = [name for index, name in self.gradients.items() if not self.recorded.nodes[index].shape]
        row: list[str] = []
        for name in numbers:
            if row and len(" = ".join([*row, name, "0.0"])) > LINE:
                yield Line(" = ".join([*row, "0.0"]))
                row = []
            row.append(name)
        if row:
            yield Line(" = ".join([*row, "0.0"]))
        for index, name in self.gradients.items():
            if self.recorded.nodes[index].shape:
                yield Line(f"{name} = np.zeros_like({self.recorded.called[index]})")

    def _seed(self) -> Iterator[Line]:
        node, seed = self.run.result, self.run.sweep.seed
        if node.index not in self.gradients:
            yield Line("", "The result depends on none of the values differentiated by: every gradient stays 0.")
            return
        name = self.gradients[node.index]
        if type(seed) is float:
            text = "1.0" if seed == 1.0 else self.recorded.library.number(seed)
        else:
            ones = bool(np.all(seed == 1.0))
            text = f"np.ones_like({self.recorded.result})" if ones else self.recorded.library.array_text(seed)
        yield Line(f"{name} += {text}", "the upstream of the result itself")

    def _step(self, step: Step) -> Iterator[Line]:
        made = _plain(self.recorded.formula(step.node))
        upstream = Formula(step.upstream, self.gradients[step.node.index])
        for part in step.parts:
            code, told = self._part(step, part, upstream)
            texts = {f"shape {s}": f"{self.recorded.called[i]}.shape" for i, s in self._shapes(step.node, part)}
            place = self.recorded.place_for(step.node)
            before, text = write_formula(
                code, Place(place.library, place.fresh, place.own, {**place.texts, **texts})
            )
            for name, inner in before:
                yield Line(f"{name} = {inner}")
            said = upstream.label if told == text.text else told
            where = f"{self.recorded.called[step.node.index]} = {made}"
            yield Line(f"{self.gradients[part.target.index]} += {text.text}", f"{said}, from {where}")

    def _shapes(self, node: Var, part: Part) -> Iterator[tuple[int, Any]]:
        """Values whose shape a rule may ask for: the argument's own wins over the result's."""
        for value in (node, *(argument for argument in node.inputs if argument is not part.target), part.target):
            if value.shape and value.index in self.recorded.called:
                yield value.index, value.shape

    def _part(self, step: Step, part: Part, upstream: Formula) -> tuple[Formula, str]:
        """What is computed for one argument, and the same in words."""
        node, op = step.node, step.node.op
        leaf, position = self.recorded.leaf, part.position
        given = (leaf(node), *map(leaf, node.inputs))
        options = self.run.tape.options.get(node.index, {})
        with np.errstate(all="ignore"):
            if op.elementwise:
                return self._elementwise(part, upstream, _local(op, position, given, options, part.local))
            if op.family == "own":
                return self._by_own_rule(node, part, upstream)
            rule = op.vjp_for(position)
            if rule is None:
                nothing = as_formula(0.0) * given[1 + position]
                return nothing, f"nothing of {_plain(upstream)}"
            code = as_formula(rule(upstream, *given, **options))
            shown = op.shown[position] if op.shown else None
            textbook = as_formula(shown(upstream, *given, **options)) if shown is not None else code
            if _agree(textbook.value, code.value):
                code = textbook
            return code, _plain(textbook)

    def _elementwise(self, part: Part, upstream: Formula, local: Formula) -> tuple[Formula, str]:
        if local.is_number and type(local.value) is float and local.value == -1.0:
            product = -upstream
        else:
            product = as_formula(upstream * local)
        told = f"{_plain(upstream)} × {wrapped(written(local, LANGUAGE), MULTIPLY + 1)}"
        if product.shape != part.target.shape:
            told += ", summed over what was repeated"
            product = OPERATIONS["sum_to"](product, shape=part.target.shape)
        return product, told

    def _by_own_rule(self, node: Var, part: Part, upstream: Formula) -> tuple[Formula, str]:
        """The call of the function that holds the program's own rule."""
        call = self.recorded.formula(node)
        name = self.recorded.own.name_of(call)
        given = [argument.label or _plain(argument) for argument in call.args]
        arguments = ", ".join([upstream.label, self.recorded.called[node.index], *given])
        entry = f"[{part.position}]" if len(given) > 1 else ""
        share = Formula(part.contribution, f"{name}_backward({arguments}){entry}")
        return share, f"{upstream.label} by the program's own rule"


def _local(op: Any, position: int, given: tuple[Formula, ...], options: dict[str, Any], recorded: Any) -> Formula:
    """The local derivative as a formula: the textbook form where it comes to the recorded number."""
    shown = op.shown[position] if op.shown else None
    if shown is not None:
        form = as_formula(shown(*given, **options))
        if _agree(form.value, recorded):
            return form
    rule = op.partials[position]
    return as_formula(rule(*given, **options) if callable(rule) else float(rule or 0.0))


def _agree(a: Any, b: Any) -> bool:
    try:
        a, b = np.broadcast_arrays(a, b)
    except ValueError:
        return False
    return shape_of(a) == shape_of(b) and bool(np.allclose(a, b, rtol=_SAME, atol=0.0, equal_nan=True))


def _plain(formula: Formula) -> str:
    """The formula in the language, on one line."""
    return written(formula, LANGUAGE).text
