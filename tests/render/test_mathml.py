"""Formulas as MathML: well formed for every operation, and in brackets exactly where reading needs them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from autograd_explain import explain
from autograd_explain.core.formula import filled
from autograd_explain.core.notation import style_for
from autograd_explain.render.mathml import formula_markup, label, math, slope
from tests.programs import EVERY, Case

STYLE = style_for(6, ascii_only=False)


def drawn(text: str, **values: float) -> str:
    """The last operation of a program as the plain text of its MathML; fractions, roots and powers named."""
    run = explain(text, values)
    return plain(ET.fromstring(math(formula_markup(run.words.formula(run.result), STYLE))))  # noqa: S314


def plain(element: ET.Element) -> str:
    """The text of an element, `over(a)(b)` for what is drawn in two parts."""
    if element.tag in {"mfrac", "msup", "mroot", "msqrt"}:
        return element.tag + "".join(f"({plain(child)})" for child in element)
    return (element.text or "") + "".join(map(plain, element))


@pytest.mark.parametrize("chosen", EVERY, ids=str)
def test_every_formula_and_rule_is_well_formed(chosen: Case) -> None:
    run = chosen.run()
    formulas = [node.formula for node in run.nodes] + [part.rule for step in run.steps for part in step.parts]
    for formula in formulas:
        tree = ET.fromstring(math(formula_markup(formula, STYLE)))  # noqa: S314
        assert plain(tree)
        two = [element for element in tree.iter() if element.tag in {"mfrac", "msup", "mroot"}]
        assert all(2 == len(element) for element in two)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*y", "x·y"),
        ("x/y", "mfrac(x)(y)"),
        ("x**y", "msup(x)(y)"),
        ("sqrt(x)", "msqrt(x)"),
        ("cbrt(x)", "mroot(x)(3)"),
        ("abs(x)", "|x|"),
        ("sigmoid(x)", "σ(x)"),
        ("x*2", "x·2"),
        ("-x", "−x"),
        ("x >= y", "x≥y"),
    ],
)
def test_notation(text: str, expected: str) -> None:
    names = {"x": 2.0, "y": 3.0}
    used = {name: value for name, value in names.items() if re.search(rf"\b{name}\b", text)}
    found = drawn(text, **used)
    assert expected == found


BELOW_ZERO = [("x - y", "2−(−3)"), ("x*y", "2·(−3)"), ("y*x", "−3·2"), ("y**x", "msup((−3))(2)")]


@pytest.mark.parametrize(("text", "expected"), BELOW_ZERO)
def test_numbers_below_zero_stand_in_brackets(text: str, expected: str) -> None:
    run = explain(text, x=2, y=-3)
    numbers = filled(run.words.formula(run.result))
    assert expected == plain(ET.fromstring(math(formula_markup(numbers, STYLE))))  # noqa: S314


def test_what_the_drawing_shows_needs_no_brackets() -> None:
    run = explain("sigmoid(x)**2 / tanh(x)", x=0.5)
    rules = [plain(ET.fromstring(math(formula_markup(p.rule, STYLE)))) for s in run.steps for p in s.parts]  # noqa: S314
    assert "mfrac(−v2)(msup(v3)(2))" in rules
    assert "v1·(1−v1)" in rules


def test_names_have_their_numbers_below() -> None:
    assert "<mi>h1</mi>" == label("h1")
    assert "<mtext>(2*pi)</mtext>" == label("(2*pi)")
    assert "<mfrac><mi>∂v2</mi><mi>∂x</mi></mfrac>" == slope("v2", "x")


def test_text_is_escaped() -> None:
    assert "<mtext>a&lt;b &amp; c</mtext>" == label("a<b & c")
