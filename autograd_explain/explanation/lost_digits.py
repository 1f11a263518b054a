"""Digits lost: in a difference of almost equal numbers, and in `1 + x` where x is small.

What was lost is measured where it can be: against the exact difference, or against a form that keeps its digits.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autograd_explain.core.formula import filled, written
from autograd_explain.core.notation import rounded_number, style_for
from autograd_explain.core.var import Var
from autograd_explain.explanation.exactness import exact_entry
from autograd_explain.explanation.rewrites import Better, better_form
from autograd_explain.explanation.telling import Told, Walk, places
from autograd_explain.modes.records import Step

LOST = 1e-8  # a difference this much smaller than its terms has lost eight digits
_ALL = 16  # about how many decimal digits a number has
_FEWEST = 8  # fewer lost digits are not told of
_SHOWN = 6


def cancellation(walk: Walk, step: Step) -> Told:
    """A difference of nearly equal numbers, or a logarithm of 1 + x with a small x: most of their digits are gone."""
    if not step.parts:
        return None
    if step.node.op.name == "log":
        return _absorbed(walk, step.node)
    if step.node.op.name not in ("add", "sub"):
        return None
    left, right = step.node.inputs
    if not (left.inputs or right.inputs):
        return None  # numbers as they were given have no digits to lose
    if type(step.node.value) is float:
        terms = max(abs(left.value), abs(right.value))
        if not 0 < terms < math.inf or abs(step.node.value) > LOST * terms:
            return None
    return _difference(walk, step, left, right)


def _difference(walk: Walk, step: Step, left: Var, right: Var) -> Told:
    node = step.node
    terms = np.broadcast_to(np.maximum(np.abs(left.value), np.abs(right.value)), node.shape)
    out = np.abs(np.asarray(node.value))
    with np.errstate(all="ignore"):
        hit = np.isfinite(terms) & (terms > 0) & (out <= LOST * terms)
    walk.looked += 1
    exactly = walk.looked <= _MOST_EXACT
    lost = [_digits_lost(node, tuple(at), float(terms[tuple(at)]), exactly) for at in np.argwhere(hit)[:_MOST]]
    digits = max(lost, default=0)
    if digits < _FEWEST:
        return None
    name = walk.label(node)
    walk.lost += 1
    better = better_form(walk.run, node) if walk.lost == 1 else None  # told in full once
    digits = _measured(node, better, digits)
    kept = "is" if digits == _ALL - 1 else "are"
    rest = f"and only {_ALL - digits} {kept} left" if digits < _ALL else "and none is left"
    what = f"{name} is a difference of almost equal numbers{places(hit)}"
    full = f"{what}: about {digits} of {_ALL} digits are lost, {rest} in what is made from it."
    return f"{full}{_advice(better)}", f"{name} loses about {digits} digits as well"


def _measured(node: Var, better: Better | None, digits: int) -> int:
    """The digits lost by the form that keeps them, where it stands for this very number; else as estimated."""
    if better is None or better.anchor is not node or type(node.value) is not float:
        return digits
    if not math.isfinite(float(better.value)):
        return digits
    found = _apart(Fraction(node.value), Fraction(float(better.value)))
    return found if found >= _FEWEST else digits  # by luck more may be left than one can count on


_MOST_EXACT = 50  # differences of one run that are worked out as fractions
_MOST = 200  # entries of an array that are looked at


def _digits_lost(node: Var, place: tuple[int, ...], terms: float, exactly: bool) -> int:
    """How many digits one entry lost: by the exact difference where it is known, else by the size of the terms."""
    value = float(np.asarray(node.value)[place])
    true = exact_entry(node, place) if exactly else None
    if true is not None:
        return _apart(Fraction(value), true)
    return min(_ALL, round(math.log10(terms / max(abs(value), terms * 10.0**-_ALL))))


def _apart(value: Fraction, true: Fraction) -> int:
    """The digits lost between a value and what it should have been."""
    if value == true:
        return 0
    if true == 0:
        return _ALL
    share = abs(float((value - true) / true))
    return max(0, min(_ALL, round(_ALL + math.log10(share)))) if share else 0


def _absorbed(walk: Walk, node: Var) -> Told:
    """log(1 + x): the sum keeps only those digits of x that stand beside the 1."""
    if not _is_near_one(node.inputs[0]):
        return None
    better = better_form(walk.run, node)
    if better is None or better.anchor is not node or not better.text.startswith("log1p"):
        return None
    with np.errstate(all="ignore"):
        share = np.abs(np.asarray(node.value) - better.value) / np.abs(better.value)
        lost = np.where(np.isfinite(share) & (share > 0), _ALL + np.log10(np.maximum(share, 1e-300)), 0.0)
    digits = min(_ALL, round(float(np.max(lost, initial=0.0))))
    if digits < _FEWEST:
        return None
    inner = node.inputs[0]
    name = walk.label(inner)
    made = written(filled(walk.run.words.formula(inner)), style_for(_SHOWN, ascii_only=True)).text
    sum_of = f"{name} = {made}" if np.ndim(inner.value) == 0 else f"{name} is 1 and very little more"
    full = f"{sum_of}{places(lost >= _FEWEST)}: beside the 1, about {digits} of the {_ALL} digits of the small number"
    return f"{full} are lost.{_advice(better, node)}", f"{name} loses about {digits} digits as well"


def _is_near_one(node: Var) -> bool:
    """Whether a sum with 1 comes so near to it that half the digits of what is added may be gone."""
    if node.op.name not in ("add", "sub"):
        return False
    with np.errstate(all="ignore"):
        return bool(np.any(np.abs(np.asarray(node.value) - 1.0) < _NEAR))


_NEAR = 1e-6


def _advice(better: Better | None, node: Var | None = None) -> str:
    """What to write instead, and what that gives; beside what the node gave where it is one number."""
    if better is None:
        return ""
    gives = ""
    if np.ndim(better.value) == 0:
        was, right = _told_apart((node or better.anchor).value, better.value)
        gives = f", which is {right} here and not {was}" if was != right else f", which is {right} here"
    return f" Better: write {better.text} for {better.old}{gives}."


def _told_apart(first: Any, second: Any) -> tuple[str, str]:
    """Two numbers with enough digits to see that they differ, if they do."""
    digits = _SHOWN
    while digits < _ALL and rounded_number(float(first), digits) == rounded_number(float(second), digits):
        digits += 1
    return rounded_number(float(first), digits), rounded_number(float(second), digits)
