"""What values are called and how operations and rules read, in the user's own words.

Every view takes its labels and formulas from here, so a value has one name everywhere.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cached_property
from typing import Any

import numpy as np

from autograd_explain.core.formula import LARGEST_ARRAY_WRITTEN_OUT, Formula, as_formula, written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import shape_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import CONSTANT, INPUT, Var

_ATOM = re.compile(r"[\w.]+(\([^()]*\))?|\[.*\]", re.DOTALL)
_CLOSE = 1e-9  # the textbook form is shown where it agrees with the accurate one to this


class Wording:
    """Labels and formulas of one run; `text_of` gives a constant's text in the program."""

    def __init__(self, tape: Tape, text_of: Any) -> None:
        self.tape = tape
        self.text_of = text_of

    @cached_property
    def labels(self) -> list[str]:
        """The label of every value by its place on the tape."""
        names = self.tape.names
        uses = Counter(name for index, name in names.items() if self.tape.nodes[index].op is not INPUT)
        inputs = {names[node.index] for node in self.tape.nodes if node.op is INPUT}
        taken = set(names.values()) | self._constant_names()
        letter = next(
            c for c in ("v", "t", "u", "node", "value_") if not any(re.fullmatch(c + r"\d+", n) for n in taken)
        )
        counts: Counter[str] = Counter()
        labels = []
        for node in self.tape.nodes:
            name = names.get(node.index)
            if node.op is INPUT:
                label = str(name)
            elif node.op is CONSTANT:
                label = name or self._constant_text(node)
            elif name is None:
                counts[letter] += 1
                label = f"{letter}{counts[letter]}"
            elif uses[name] == 1 and name not in inputs:
                label = name
            else:
                counts[name] += 1
                gap = "_" if name[-1].isdigit() or f"{name}{counts[name]}" in taken else ""
                label = f"{name}{gap}{counts[name]}"
            labels.append(label)
        return labels

    def _constant_names(self) -> set[str]:
        sites = (node.site for node in self.tape.nodes if node.op is CONSTANT)
        return {site.id for site in sites if isinstance(site, ast.Name)}

    def _constant_text(self, node: Var) -> str:
        """A constant's text where it is more than a number: `pi`, `2*pi`, `zeros(3)`, `[1, 2]`."""
        site = node.site
        if isinstance(site, ast.expr) and not isinstance(site, ast.Constant) and not _is_literal(site):
            if _is_short(node) and any(isinstance(part, _CHOOSING) for part in ast.walk(site)):
                return ""  # which number it came to depends on what was recorded
            text = self.text_of(site)
            return text if _ATOM.fullmatch(text) else f"({text})"
        return ""

    def free(self, word: str) -> str:
        """What a rule calls the upstream or a tangent: the word, unless a value of the program is called that."""
        while word in self.labels:
            word += "_"
        return word

    def leaf(self, node: Var) -> Formula:
        """A value by its label; a constant that is just a number by that number."""
        return Formula(node.value, self.labels[node.index])

    def label(self, node: Var) -> str:
        """A value's name; for a constant without one, the number as the language writes it."""
        if self.is_named(node) or (self.labels[node.index] and not _is_short(node)):
            return self.labels[node.index]
        return written(Formula(node.value), LANGUAGE).text

    def is_named(self, node: Var) -> bool:
        """Whether a value is called by a name, not by its number."""
        return node.op is not CONSTANT or node.index in self.tape.names or isinstance(node.site, ast.Name)

    def formula(self, node: Var) -> Formula:
        """How the value was made: its operation over the labels of its inputs; a leaf is its own label."""
        if not node.inputs:
            return self.leaf(node)
        options = self.tape.options.get(node.index)
        return Formula(node.value, "", node.op, tuple(map(self.leaf, node.inputs)), options)

    def rule(self, node: Var, position: int, upstream: Any, local: Any) -> Formula:
        """The local derivative by one argument, or for structured operations the contribution, as a formula.

        The textbook form where it comes to the recorded number, else the form that was computed.
        """
        out = self.leaf(node)
        args = tuple(map(self.leaf, node.inputs))
        options = self.tape.options.get(node.index, {})
        textbook = node.op.shown[position] if node.op.shown else None
        with np.errstate(all="ignore"):
            if not node.op.elementwise:
                given = (Formula(upstream, self.free("upstream")), out, *args)
                return as_formula(_structured(node.op, position, textbook, given, options))
            if textbook is not None:
                form = as_formula(textbook(out, *args, **options))
                if np.allclose(form.value, local, rtol=_CLOSE, atol=0.0, equal_nan=True):
                    return form
            rule = node.op.partials[position]
            return as_formula(rule(out, *args, **options) if callable(rule) else float(rule or 0.0))


def _structured(op: Op, position: int, textbook: Any, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    rule = op.vjp_for(position)
    if rule is None:
        return 0.0
    form = rule(*given, **options)
    if textbook is None:
        return form
    shown = as_formula(textbook(*given, **options))
    agrees = shape_of(shown) == shape_of(form) and np.allclose(shown.value, form.value, rtol=_CLOSE, atol=0.0)
    return shown if agrees else form


_CHOOSING = (ast.IfExp, ast.BoolOp, ast.Compare, ast.Subscript)


def _is_short(node: Var) -> bool:
    return type(node.value) is float or node.value.size <= LARGEST_ARRAY_WRITTEN_OUT


def _is_literal(site: ast.expr) -> bool:
    return isinstance(site, ast.UnaryOp) and isinstance(site.operand, ast.Constant)
