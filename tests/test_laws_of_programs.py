"""Laws that every program keeps, tried on generated ones: gradients, ledgers, printed numbers, data, and rewriting.

`PROGRAM_EXAMPLES=5000 python -m pytest tests/test_laws_of_programs.py` tries that many programs for each law.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autograd_explain import explain
from autograd_explain.render import as_json
from autograd_explain.render.terminal import View, write
from tests.programs import Case
from tests.render.evaluator import evaluate
from tests.render.printed import equations, is_true
from tests.render.test_json import VALIDATOR, back, check_contributions, check_ledgers, check_texts, names_in
from tests.strategies import NAMES, array_programs, expressions, far_from_corners, scalar_programs, used, values

EXAMPLES = int(os.environ.get("PROGRAM_EXAMPLES", "0"))
PROGRAMS = scalar_programs() | array_programs()


def law(usual: int = 100) -> Callable[[Any], Any]:
    """Settings for a law: the same programs on every run, few unless more are asked for."""
    return settings(
        max_examples=EXAMPLES or usual, derandomize=not EXAMPLES, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )  # fmt: skip


def total(program: Case, given: dict[str, Any]) -> float:
    """The sum of the result's entries, worked out without tracking."""
    return float(np.sum(explain(program.text, given, wrt=[]).value))


def difference(program: Case, name: str, step: float = 1e-4) -> Any:
    """The gradient by one input as central differences of four points, entry by entry."""
    value = np.asarray(program.values[name], dtype=float)
    slopes = np.zeros(value.shape)
    for place in np.ndindex(value.shape):
        move = np.zeros(value.shape)
        move[place] = step
        at = [total(program, {**program.values, name: value + k * move}) for k in (-2, -1, 1, 2)]
        slopes[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    return slopes


@law(60)
@given(PROGRAMS)
def test_reverse_is_central_differences(program: Case) -> None:
    run = program.run()
    assume(far_from_corners(run.to_dict()))
    scale = 1.0 + abs(float(np.sum(run.value)))
    for name in program.values:
        np.testing.assert_allclose(run.gradients[name], difference(program, name), rtol=1e-6, atol=1e-7 * scale)


@law()
@given(PROGRAMS)
def test_the_data_keeps_its_books(program: Case) -> None:
    data = program.run().to_dict()
    VALIDATOR.validate(data)
    check_ledgers(data)
    check_contributions(data)
    check_texts(data)


@law()
@given(PROGRAMS)
def test_every_edge_carries_one_contribution(program: Case) -> None:
    data = program.run().to_dict()
    nodes = data["nodes"]
    reached = {data["backward"][0]["node"]} if data["backward"] else set()
    ways = []
    for node in reversed(nodes):
        for index in _differentiated(node, nodes) if node["id"] in reached else ():
            reached.add(index)
            ways.append((node["id"], index))
    assert sorted(ways) == sorted((s["node"], part["target"]) for s in data["backward"] for part in s["parts"])


def _differentiated(node: dict[str, Any], nodes: list[dict[str, Any]]) -> list[int]:
    """The inputs that get a contribution: the tracked ones, a condition of `where` excepted."""
    asked = node["inputs"][1:] if node["op"] == "where" else node["inputs"]
    return [index for index in asked if nodes[index]["tracked"]]


@law()
@given(PROGRAMS)
def test_streamed_data_reads_back(program: Case) -> None:
    run = program.run()
    out = io.StringIO()
    as_json.write(run, View(), out)
    assert json.loads(json.dumps(run.to_dict())) == json.loads(out.getvalue())


@law()
@given(PROGRAMS, st.sampled_from((4, 6, 12)), st.sampled_from((60, 100)))
def test_printed_arithmetic_is_true(program: Case, digits: int, width: int) -> None:
    out = io.StringIO()
    write(program.run(), View(width=width, digits=digits, all=True), out)
    assert [] == [pair for pair in equations(out.getvalue()) if not is_true(*pair, digits)]


@law()
@given(scalar_programs())
def test_formulas_parse_back_to_their_values(program: Case) -> None:
    data = program.run().to_dict()
    names = {node["label"]: back(node["value"]) for node in data["nodes"]}
    for node in data["nodes"]:
        wanted = pytest.approx(back(node["value"]), rel=1e-9, abs=1e-12)
        if names_in(node["formula"]) <= names.keys():
            if node["inputs"] and " if " not in node["formula"]:  # which the tests' own evaluator does not know
                assert wanted == evaluate(node["formula"], names)
            assert wanted == explain(node["formula"], {n: names[n] for n in names_in(node["formula"])}).value


# What leaves value and gradients as they are, to the last bit.

GIVEN = st.fixed_dictionaries({name: values() for name in NAMES})
OTHER_NAMES = {"x": "β", "y": "sum", "w": "x1", "a": "S", "b": "N", "t": "E", "i": "gamma", "c": "zeta", "d": "check"}


def same(expected: Case, found: Case, names: dict[str, str] | None = None) -> None:
    """Both programs come to the same value and gradients, the second under other names where such are given."""
    first, second = expected.run(), found.run()
    np.testing.assert_array_equal(first.value, second.value)
    for name in expected.values:
        np.testing.assert_array_equal(first.gradients[name], second.gradients[(names or {}).get(name, name)])


@law()
@given(PROGRAMS)
def test_renaming_changes_nothing(program: Case) -> None:
    text = re.sub(rf"\b[{''.join(OTHER_NAMES)}]\b", lambda match: OTHER_NAMES[match[0]], program.text)
    given = {OTHER_NAMES[name]: value for name, value in program.values.items()}
    same(program, Case(text, given), OTHER_NAMES)


def padded(text: str) -> str:
    """The program with blanks between all its tokens, and a comment after every line."""
    found = tokenize.generate_tokens(io.StringIO(text).readline)
    lines: dict[int, list[str]] = {}
    for token in found:
        if token.string.strip():
            lines.setdefault(token.start[0], []).append(token.string)
    margins = [re.match(" *", line)[0] for line in text.splitlines()]  # type: ignore[index]
    return "\n\n".join(margins[number - 1] + "  ".join(words) + "  # so" for number, words in lines.items())


@law()
@given(PROGRAMS)
def test_blanks_and_comments_change_nothing(program: Case) -> None:
    same(program, Case(padded(program.text), program.values))


@law()
@given(expressions(), GIVEN)
def test_brackets_change_nothing(text: str, given: dict[str, float]) -> None:
    program = used(text, given)
    same(program, Case("(" + re.sub(r"\b([xyw])\b", r"((\1))", text) + ")", program.values))


@law()
@given(expressions(), GIVEN)
def test_splitting_into_statements_changes_nothing(text: str, given: dict[str, float]) -> None:
    program = used(text, given)
    lines: list[str] = []
    last = _split(ast.parse(text, mode="eval").body, lines)
    same(program, Case("\n".join([*lines, last]), program.values))


def _split(node: ast.expr, lines: list[str]) -> str:
    """The name of a value each of whose operations is a statement of its own; choices stay whole."""
    if isinstance(node, (ast.Name, ast.Constant, ast.IfExp)):
        return f"({ast.unparse(node)})"
    for field, part in ast.iter_fields(node):
        if isinstance(part, ast.expr) and field != "func":
            setattr(node, field, ast.Name(_split(part, lines)))
        elif field in {"args", "comparators"}:
            setattr(node, field, [ast.Name(_split(child, lines)) for child in part])
    lines.append(f"s{len(lines)} = {ast.unparse(node)}")
    return f"s{len(lines) - 1}"


@law()
@given(expressions(), expressions(("a", "x"), 3), GIVEN)
def test_inlining_changes_only_the_order_of_sums(inner: str, outer: str, given: dict[str, float]) -> None:
    program = used(f"a = {inner}\n{outer}", given)
    stated = program.run()
    every = "".join(f" + 0*{name}" for name in program.values)
    inlined = explain(re.sub(r"\ba\b", f"({inner})", outer) + every, program.values)
    assert stated.value == inlined.value
    for name, gradient in stated.gradients.items():
        assert pytest.approx(gradient, rel=1e-9, abs=1e-9) == inlined.gradients[name]


@law()
@given(expressions(), GIVEN)
def test_a_square_is_a_product(text: str, given: dict[str, float]) -> None:
    power = used(f"h = {text}\nh**2", given).run()
    product = used(f"h = {text}\nh*h", given).run()
    assert pytest.approx(power.value, rel=1e-15) == product.value
    for name, gradient in power.gradients.items():
        assert pytest.approx(gradient, rel=1e-12, abs=1e-300) == product.gradients[name]


def test_the_laws_can_be_broken() -> None:
    wrong = Case("x*x + detach(x)", {"x": 1.5})
    assert 3.0 == pytest.approx(wrong.run().gradients["x"])
    assert 4.0 == pytest.approx(difference(wrong, "x"))
    assert not far_from_corners(Case("relu(x)", {"x": 1e-5}).run().to_dict())
