"""Values recorded by a Python function point to the part of its text that made them."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from autograd_explain import explain, functions
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf


def _helper(t: Any) -> Any:
    return t**2


def _made() -> Any:
    def loss(w: Any, x: Any) -> Any:
        h = functions.tanh(w * x)  # ä€ – more than one byte
        if h > 0:
            h = h * _helper(h)
        total = h + sum(_helper(part) for part in (h, w))
        return (
            total
            + 1
        )  # fmt: skip

    return loss


def _texts(run: Any) -> list[str]:
    return [run.source[span.start : span.end] for span in (run.span(node.site) for node in run.operations) if span]


def test_each_value_points_to_its_expression() -> None:
    run = explain(_made(), w=1.5, x=0.3)
    texts = _texts(run)
    assert ["w * x", "functions.tanh(w * x)", "h > 0", "_helper(h)", "h * _helper(h)"] == texts[:5]
    assert len(run.operations) == len(texts)
    assert texts[-1].split() == ["total", "+", "1"]


def test_a_helper_s_work_points_to_the_call() -> None:
    run = explain(_made(), w=1.5, x=0.3)
    power = next(node for node in run.operations if node.op.name == "pow")
    assert "h = h * _helper(h)" == run.line_at(power.site)


def test_the_condition_is_told_in_the_function_s_words() -> None:
    run = explain(_made(), w=1.5, x=0.3)
    assert [("h > 0", True)] == [(branch.condition, branch.taken) for branch in run.branches]


def test_the_text_is_the_function_s_without_its_indent() -> None:
    run = explain(_made(), w=1.5, x=0.3)
    assert run.source is not None
    assert run.source.startswith("def loss(w: Any, x: Any) -> Any:\n    h = ")
    assert run.program is None
    assert "def loss(w" in str(run)


def test_a_lambda() -> None:
    run = explain(lambda w: functions.sin(w) * w, w=2.0)
    assert ["functions.sin(w)", "functions.sin(w) * w"] == _texts(run)


def test_json_holds_the_spans() -> None:
    data = explain(_made(), w=1.5, x=0.3).to_dict()
    spans = [entry["span"] for entry in data["nodes"] if entry["op"] == "tanh"]
    assert ["functions.tanh(w * x)"] == [data["source"][start:stop] for start, stop in spans]


def test_without_a_text_there_are_no_places() -> None:
    space: dict[str, Any] = {}
    exec("def f(x):\n    return x*x", space)  # noqa: S102 - a function that a program made
    run = explain(space["f"], x=2.0)
    assert run.source is None
    assert [None, None] == [entry["span"] for entry in run.to_dict()["nodes"]]
    assert "a Python function" in str(run)
    built: Any = explain(functions.sum, {"x": [1.0, 2.0]})
    assert 3.0 == built.value


def test_the_text_of_another_program_is_not_taken_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python 3.13 keeps the text of `python -c` under the name that `exec` gives to what it makes.
    monkeypatch.setitem(linecache.cache, "<made>", (30, None, ["import other\n", "other.run(f)\n"], "<made>"))
    space: dict[str, Any] = {}
    exec(compile("def f(x):\n    return x*x", "<made>", "exec"), space)  # noqa: S102 - a function that a program made
    run = explain(space["f"], x=2.0)
    assert (None, 4.0) == (run.source, run.value)


def test_no_other_tape_looks_for_its_callers() -> None:
    x = leaf(Tape(), "x", 2.0, tracked=True)
    assert (x * x).site is None


@pytest.mark.parametrize("wrong", [lambda x: functions.reshape(x, (3, "a")), lambda x: functions.sum(x, axis="0")])
def test_an_error_points_to_the_function_s_text(wrong: Any) -> None:
    from autograd_explain import ExplainError

    with pytest.raises(ExplainError) as caught:
        explain(wrong, x=[1.0, 2.0, 3.0])
    assert caught.value.span is not None
    assert caught.value.source is not None
    assert caught.value.source.text[slice(*caught.value.span)].startswith("functions.")
