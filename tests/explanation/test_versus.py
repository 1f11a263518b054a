"""Two runs side by side: operations matched by their place, branches, what is gone and what is new."""

from __future__ import annotations

import io
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.explanation.versus import compare, merged
from autograd_explain.render import versus
from autograd_explain.render.theme import View
from tests.programs import EVERY, Case

BRANCH = "if x > 0:\n    y = x*x\nelse:\n    y = -x\ny + 1"


def both(text: str, first: Any, second: Any) -> Any:
    return compare(explain(text, first), explain(text, second))


def shown(comparison: Any, **view: Any) -> str:
    out = io.StringIO()
    versus.write(comparison, View(**view), out)
    return out.getvalue()


def test_operations_of_one_side_only() -> None:
    comparison = both(BRANCH, {"x": 2}, {"x": -1})
    marks = [(pair.text, pair.first is not None, pair.second is not None) for pair in comparison.pairs]
    assert {("x > 0", True, True), ("x*x", True, False), ("-x", False, True), ("y + 1", True, True)} == set(marks)
    assert (1, 1) == (comparison.gone, comparison.new)


def test_the_runs_part_at_a_condition() -> None:
    parting = both(BRANCH, {"x": 2}, {"x": -1}).parting
    assert ("x > 0", True, False) == tuple(parting)
    assert both(BRANCH, {"x": 2}, {"x": 3}).parting is None


def test_a_loop_of_more_turns() -> None:
    comparison = both("while x < 10:\n    x = x*2\nx", {"x": 4}, {"x": 1})
    assert [("x*2", True), ("x*2", True), ("x*2", False), ("x*2", False)] == [
        (pair.text, pair.first is not None) for pair in comparison.pairs if pair.text == "x*2"
    ]
    assert [True, True, False, None, None] == [branch.first for branch in comparison.branches]
    assert [True, True, True, True, False] == [branch.second for branch in comparison.branches]


def test_two_operations_at_one_place_are_two() -> None:
    comparison = both("mse(x, y)", {"x": 1, "y": 2}, {"x": 3, "y": 2})
    assert (0, 0) == (comparison.gone, comparison.new)
    assert len(list(comparison.first.operations)) == len(comparison.pairs)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("abc", "abc", "abc"), ("ac", "abc", "abc"), ("bc", "abc", "abc"), ("", "ab", "ab"), ("abd", "acd", "acbd")],
)
def test_merged_keeps_both_orders(first: str, second: str, expected: str) -> None:
    assert list(expected) == merged(list(first), list(second))


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_a_run_beside_itself_has_no_differences(program: Case) -> None:
    comparison = compare(program.run(), program.run())
    assert (0, 0) == (comparison.gone, comparison.new)
    text = shown(comparison)
    assert [] == [word for word in ("differs", " gone", " new ") if word in text.split("VERSUS")[1]]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text(width: int) -> None:
    text = shown(both(BRANCH, {"x": 2}, {"x": -1}), width=width)
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert ["5", "2", "differs"] == rows["result"]
    assert ["4", "−1", "differs"] == rows["∂x"]
    assert ["4", "–", "gone"] == rows["x*x"]
    assert ["–", "1", "new"] == rows["-x"]
    assert "The runs part at x > 0: true in this run, false in the" in text.replace("\n      │ ", " ")
    assert [] == [line for line in text.splitlines() if len(line) > width]


def test_text_without_notes_in_ascii() -> None:
    text = shown(both(BRANCH, {"x": 2}, {"x": -1}), ascii=True, notes=False)
    assert text.isascii()
    assert "part at" not in text


def test_arrays_stand_below_each_other() -> None:
    text = shown(both("sum(W*x)", {"W": [[1, 2], [3, 4]], "x": 2}, {"W": [[1, 2], [3, 4]], "x": 3}))
    assert "∂W in the other" in text
    assert "[[3  3]" in text


def test_long_runs_are_cut_in_the_middle() -> None:
    comparison = both("for i in range(100):\n    x = x*1.01\nx", {"x": 1}, {"x": 2})
    assert "76 more operations; --all prints them" in shown(comparison)
    assert "more operations" not in shown(comparison, all=True)


def test_brief_leaves_the_graph_out() -> None:
    text = shown(both(BRANCH, {"x": 2}, {"x": -1}), brief=True)
    assert "GRAPH" not in text
    assert "∂x" in text
