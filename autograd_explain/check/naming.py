"""How a verdict speaks of a recorded value: by the labels every view of the run uses."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var
from autograd_explain.explanation.words import Wording

_LONGEST = 60


class Naming:
    """Labels and formulas of one run, made when first asked for."""

    def __init__(self, tape: Tape) -> None:
        self._words = Wording(tape, _text_of)

    def label(self, node: Var) -> str:
        """What the value is called."""
        return self._words.label(node)

    def operation(self, node: Var) -> str:
        """The value with the operation that made it: `v3 = sigmoid(v2)`."""
        text = written(self._words.formula(node), LANGUAGE).text
        return f"{self.label(node)} = {text if len(text) <= _LONGEST else node.op.name + '(…)'}"


def _text_of(site: Any) -> str:
    return ast.unparse(site) if isinstance(site, ast.AST) else ""


def number(value: Any) -> str:
    """A number in a sentence, to 8 digits."""
    return "no real value" if value is None else f"{float(value):.8g}"


def entry(value: Any, place: tuple[int, ...]) -> str:
    """Where in an array an entry stands, as one would index it; nothing for a plain number."""
    return "[" + ", ".join(map(str, place)) + "]" if np.ndim(value) else ""
