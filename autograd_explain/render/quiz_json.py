"""A finished quiz as strict JSON, of the shape that `quiz-schema.json` describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from autograd_explain.explanation.quiz_grading import Course, Verdict
from autograd_explain.explanation.quiz_words import Told
from autograd_explain.render.as_json import number

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

SCHEMA = "autograd-explain-quiz/1"


def as_dict(run: Explanation, course: Course, seed: int, lines: int | None) -> dict[str, Any]:
    """The results as data; `lines` is how many answers were read from a file or a pipe, None at a terminal."""
    score = course.score
    return {
        "schema": SCHEMA,
        "source": run.source,
        "inputs": {record.name: number(record.value) for record in run.inputs},
        "seed": seed,
        "tries": course.tries,
        "answers_read": lines,
        "score": {
            "right": score.right,
            "first_try": score.first_try,
            "unanswered": score.unanswered,
            "asked": score.asked,
        },
        "questions": [_question(run, course, place) for place in range(len(course.questions))],
    }


def _question(run: Explanation, course: Course, place: int) -> dict[str, Any]:
    question, verdicts = course.questions[place], course.verdicts[place]
    tolerance = question.tolerance
    names = dict.fromkeys(name for verdict in verdicts for name in verdict.misconceptions)
    return {
        "number": question.number,
        "level": question.level,
        "kind": question.kind,
        "form": question.form,
        "node": question.node,
        "step": question.step,
        "argument": question.argument,
        "entry": None if question.entry is None else list(question.entry),
        "question": Told(run, question, ascii_only=True).text(),
        "expected": _expected(question.expected),
        "accepted": list(question.accepted),
        "tolerance": None if tolerance is None else tolerance._asdict(),
        "given": verdicts[-1].given if verdicts else None,
        "correct": course.is_right(place),
        "misconception": list(names),
        "tries": [_verdict(verdict) for verdict in verdicts],
    }


def _expected(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str) else number(np.asarray(value) if np.ndim(value) else value)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "given": verdict.given,
        "correct": verdict.correct,
        "problem": verdict.problem or None,
        "misconception": list(verdict.misconceptions),
        "proof": verdict.proof,
    }


def write(run: Explanation, course: Course, seed: int, lines: int | None, out: TextIO) -> None:
    """Write the results; text that no UTF-8 holds, such as half a surrogate pair, is written as an escape."""
    json.dump(as_dict(run, course, seed, lines), out, indent=1, allow_nan=False)
    out.write("\n")
