"""What values are called, and how operations and rules read."""

from __future__ import annotations

from typing import Any

import pytest

from autograd_explain import explain, functions
from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE, style_for
from tests.programs import EXAMPLE


def labels(run: Any) -> list[str]:
    """The labels of the operations, in order."""
    return [run.words.label(node) for node in run.operations]


def formulas(run: Any, style: Any = LANGUAGE) -> list[str]:
    return [written(run.words.formula(node), style).text for node in run.operations]


def rules(run: Any, style: Any = LANGUAGE) -> list[str]:
    return [written(part.rule, style).text for step in run.steps for part in step.parts]


def test_values_without_a_name_are_numbered() -> None:
    assert ["v1", "v2", "v3", "v4", "v5"] == labels(EXAMPLE.run())


def test_a_named_value_bears_its_name() -> None:
    assert ["v1", "h", "v2"] == labels(explain("h = w*x + 1\nh**2", w=2, x=3))


def test_a_rebound_name_is_numbered() -> None:
    run = explain("h = 2*x\nh = h*h\nh = h + x\nh", x=3)
    assert ["h1", "h2", "h3"] == labels(run)
    assert ["2*x", "h1*h1", "h2 + x"] == formulas(run)


def test_a_rebound_input_keeps_its_name_and_the_new_values_are_numbered() -> None:
    run = explain("x = x*x\nx = x + 1\nx", x=3)
    assert ["x1", "x2"] == labels(run)
    assert ["x*x", "x1 + 1"] == formulas(run)
    assert {"x": 6.0} == run.gradients


def test_numbered_names_do_not_collide_with_names_of_the_program() -> None:
    run = explain("h1 = 2*x\nh = h1*h1\nh = h + x\nh", x=3)
    assert len(set(labels(run))) == len(labels(run)) == 3
    assert "h1" == labels(run)[0]


def test_a_name_ending_in_a_digit_gets_a_gap() -> None:
    assert ["h1_1", "h1_2"] == labels(explain("h1 = 2*x\nh1 = h1*h1\nh1", x=3))


@pytest.mark.parametrize(("name", "letter"), [("v1", "t"), ("v12", "t"), ("v", "v"), ("vv1", "v")])
def test_the_users_own_v1_takes_the_letter(name: str, letter: str) -> None:
    run = explain(f"{name}*x + 1", {name: 2, "x": 3})
    assert [f"{letter}1", f"{letter}2"] == labels(run)


def test_when_v1_and_t1_are_taken_the_next_letter_serves() -> None:
    assert ["u1"] == labels(explain("v1*t1", v1=2, t1=3))


def test_constants_with_names_keep_them() -> None:
    assert ["pi*x", "v1 + 2"] == formulas(explain("pi*x + 2", x=1))


def test_every_label_means_one_value() -> None:
    run = explain("def f(t): return t*t + 1\nh = x\nfor i in range(4):\n    h = f(h)\nh*v2", x=0.5, v2=3)
    found = [run.words.label(node) for node in run.tape.nodes if node.inputs or node.tracked]
    assert sorted(set(found)) == sorted(found)


def test_the_same_label_in_every_view() -> None:
    run = explain("h = 2*x\nh = h*h\nh", x=3)
    data = run.to_dict()
    assert labels(run) == [entry["label"] for entry in data["nodes"] if entry["inputs"]]
    assert all(label in str(run) for label in labels(run))


def test_formulas_are_written_over_labels() -> None:
    assert ["w*x", "v1 + b", "sigmoid(v2)", "1 - v3", "v4**2"] == formulas(EXAMPLE.run())


def test_formulas_in_symbols() -> None:
    style = style_for(6, ascii_only=False)
    assert ["w·x", "v1 + b", "σ(v2)", "1 − v3", "v4²"] == formulas(EXAMPLE.run(), style)


def test_rules_are_the_textbooks() -> None:
    assert ["2*v4", "-1", "v3*(1 - v3)", "1", "1", "x", "w"] == rules(EXAMPLE.run())


def test_the_textbook_form_gives_way_where_it_has_no_digits() -> None:
    [rule] = rules(explain("sigmoid(x)", x=40))
    assert "v1*sigmoid(-x)" == rule


def test_rules_of_structured_operations_are_contributions() -> None:
    run = explain("X @ W", X=[[1, 2], [3, 4]], W=[[5, 6], [7, 8]])
    assert ["upstream @ W.T", "X.T @ upstream"] == rules(run)


def test_parentheses_where_binding_asks_for_them() -> None:
    run = explain("a*(b + c) - (a - (b - c))", a=1, b=2, c=3)
    assert ["b + c", "a*v1", "b - c", "a - v3", "v2 - v4"] == formulas(run)
    assert ["(-2)**x"] == formulas(explain("(-2)**x", x=2))
    assert ["-x", "v1**2"] == formulas(explain("(-x)**2", x=2))


def test_a_python_function_has_labels_without_text() -> None:
    run = explain(lambda w, x: functions.sigmoid(w * x) + 1, w=2, x=3)
    assert ["w*x", "sigmoid(v1)", "v2 + 1"] == formulas(run)
