"""The questions of a quiz: what can be asked about a run, and which of it a seed chooses.

A question is data: a place in the run, what is expected there, and what kind of answer it takes. How it is worded
stands in `quiz_words`, how an answer is judged in `quiz_grading`. Must not know terminals or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.errors import InputError

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

LEVELS = ("values", "locals", "chain", "formulas")
KINDS = {
    "value": "values",
    "local": "locals",
    "contribution": "chain",
    "total": "chain",
    "target": "chain",
    "shape": "chain",
    "formula": "formulas",
}
"""Every kind of question, and the level it belongs to."""
TRIES = 3
RELATIVE, ABSOLUTE = 0.005, 1e-12


class Tolerance(NamedTuple):
    """How far off a number may be: by this share of it, and where it is 0 by this much."""

    relative: float = RELATIVE
    absolute: float = ABSOLUTE


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a run.

    `node` is the operation that is asked about (for `total` the value whose gradient is asked), `step` the number
    of the backward step (None in the forward pass), `argument` the argument's position, `entry` the place in an
    array where only one number is asked. `form` says what an answer is: number, array, shape, name or formula.
    `expected` is a float, an array, a shape, a label, or a formula as text; `accepted` are labels that count as well.
    """

    kind: str
    form: str
    node: int
    expected: Any
    step: int | None = None
    argument: int | None = None
    entry: tuple[int, ...] | None = None
    accepted: tuple[str, ...] = ()
    dull: bool = False
    number: int = 0

    @property
    def level(self) -> str:
        """The level it belongs to."""
        return KINDS[self.kind]

    @property
    def tolerance(self) -> Tolerance | None:
        """How far off a number may be; None for shapes, names and formulas."""
        return Tolerance() if self.form in {"number", "array"} else None


def ask(run: Explanation, count: int, seed: int = 0, levels: Sequence[str] = LEVELS) -> list[Question]:
    """Up to `count` questions about the run, the same for one seed, in the order in which the run goes.

    Raises InputError where nothing can be asked at these levels.
    """
    from autograd_explain.explanation.quiz_places import candidates

    random = np.random.default_rng(seed)
    found = [question for question in candidates(run, random) if question.level in levels]
    if not found:
        raise InputError(_nothing(run, levels), hint=_elsewhere(levels))
    chosen = _spread(_shuffled(found, random), count)
    return [replace(question, number=i) for i, question in enumerate(sorted(chosen, key=_place), 1)]


def _nothing(run: Explanation, levels: Sequence[str]) -> str:
    if not run.operations:
        return "this program computes nothing, so there is nothing to ask"
    what = f"at the level {levels[0]} " if len(levels) == 1 else ""
    return f"there is nothing to ask {what}about this run"


def _elsewhere(levels: Sequence[str]) -> str:
    return "leave out --level to be asked about everything" if len(levels) == 1 else "try a program such as fan-out"


def _shuffled(questions: Sequence[Question], random: np.random.Generator) -> list[Question]:
    """In a drawn order, those that would give themselves away last."""
    order = random.permutation(len(questions))
    return sorted((questions[place] for place in order), key=lambda question: question.dull)


def _spread(questions: Iterable[Question], count: int) -> list[Question]:
    """As many as wanted, each kind in turn, so that a long run of one kind does not crowd out the others."""
    piles: dict[str, list[Question]] = {kind: [] for kind in KINDS}
    for question in questions:
        piles[question.kind].append(question)
    rounds = (question for turn in zip_longest(*piles.values()) for question in turn if question is not None)
    lively_first = sorted(rounds, key=lambda question: question.dull)
    return lively_first[:count]


_ORDER = {kind: i for i, kind in enumerate(("value", "shape", "formula", "local", "contribution", "target", "total"))}


def _place(question: Question) -> tuple[int, int, int, int]:
    """Where in the run the question stands: forwards first, then the steps back."""
    return (
        question.step if question.step is not None else 0,
        question.node if question.step is None else 0,
        _ORDER[question.kind],
        question.argument or 0,
    )
