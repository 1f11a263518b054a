"""Answers as they are typed, read into numbers, arrays, shapes and names, and held against what was expected.

An answer is text from outside: it is read by the language's own parser under small limits, and never executed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.shapes import Shape, as_value, shape_of, show_shape
from autograd_explain.errors import ExplainError, InputError, LimitError, ShapeError
from autograd_explain.explanation.quiz import Question, Tolerance
from autograd_explain.explanation.quiz_formulas import LIMITS, read_formula
from autograd_explain.lang.interpret import evaluate
from autograd_explain.lang.names import OPTIONAL, fold_name, names_of
from autograd_explain.lang.numerals import NON_FINITE, read_number

_SCALAR = frozenset({"()", "scalar", "number", "a number"})
_SIZES = re.compile(r"[(\[]?\s*([0-9]{1,9}(?:\s*[,x×*]\s*[0-9]{1,9}){0,9})\s*,?\s*[)\]]?")


def read_answer(question: Question, text: str) -> Any:
    """The answer as the question's form has it: float, array, shape or label; a formula stays text.

    Raises ExplainError, saying what is wrong, for text that is no such answer.
    """
    if len(text) > LIMITS.text:
        raise LimitError(f"this is longer than {LIMITS.text} characters", hint="an answer is short")
    if not text.strip():
        message = "there is no answer"
        raise InputError(message, hint="a number, a list, a name, a shape or a formula, as the question asks")
    return _READERS[question.form](question, text.strip())


def is_right(question: Question, answer: Any) -> bool:
    """Whether an answer, read, is the expected one; for a formula only whether it is the same text."""
    return matches(question, answer, question.expected)


def matches(question: Question, answer: Any, other: Any) -> bool:
    """Whether an answer is another one, to the question's tolerance."""
    if question.form in {"number", "array"}:
        return close(answer, other, question.tolerance or Tolerance())
    return bool(answer == other or (question.form == "name" and other == question.expected
                                    and answer in question.accepted))  # fmt: skip


def close(answer: Any, other: Any, tolerance: Tolerance) -> bool:
    """Whether two numbers, or all entries of two arrays of one shape, are as near as the tolerance asks."""
    if other is None or shape_of(answer) != shape_of(other):
        return False
    return bool(np.allclose(answer, other, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True))


def _number(question: Question, text: str) -> float:
    value = _value(text)
    if type(value) is not float:
        message = f"one number is asked for, this has shape {show_shape(shape_of(value))}"
        raise ShapeError(message, hint="such as 0.5, 1/3 or 3*4")
    return value


def _array(question: Question, text: str) -> Any:
    return _value(text)


def _value(text: str) -> Any:
    """A number, a list of numbers, or a calculation with numbers such as `3*4`."""
    plain = text.replace("−", "-").replace("∞", "inf")
    if plain in NON_FINITE:
        return NON_FINITE[plain]
    number = read_number(plain)
    if number is not None:
        return number
    parsed = read_formula(text)
    names = names_of(parsed)
    used = [*names.required, *(name for name in names.optional if name not in OPTIONAL)]
    if used:
        hint = "put numbers in place of the names, such as 3*4 or [1, 2]"
        raise InputError(f"{used[0]} is a name: a number is asked for", hint=hint)
    with np.errstate(all="ignore"):
        return as_value(evaluate(text, limits=LIMITS))


def _shape(question: Question, text: str) -> Shape:
    if text.lower() in _SCALAR:
        return ()
    match = _SIZES.fullmatch(text)
    if match is None:
        raise InputError("this is no shape", hint="write (2, 3) for 2 rows of 3, or () for a single number")
    return tuple(int(size) for size in re.split(r"\s*[,x×*]\s*", match[1]))


def _name(question: Question, text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    try:
        return fold_name(folded)
    except ExplainError:
        raise InputError("this is no name of a value", hint="write a name such as v2") from None


def _formula(question: Question, text: str) -> str:
    read_formula(text)
    return text


_READERS: dict[str, Callable[[Question, str], Any]] = {
    "number": _number,
    "array": _array,
    "shape": _shape,
    "name": _name,
    "formula": _formula,
}
