"""The verifier: it passes right exports and finds each kind of wrong one, without the engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.check.verifier import RULES, verify
from autograd_explain.cli.main import execute
from tests.programs import run_example, sound_examples

EXAMPLE = "(1 - sigmoid(w*x + b))**2 + w*w"
VALUES = {"w": 0.5, "x": 2.0, "b": -1.0}
ARRAYS = "mean(cumsum(relu(W @ x))[1:]) * max(x) * norm(W[[0, 1, 0]]) / prod(x)"
MATRIX = {"W": [[1.0, 2.0], [3.0, 4.0]], "x": [1.0, 0.5]}


def export(source: str = EXAMPLE, values: dict[str, Any] | None = None, **options: Any) -> Any:
    """An export as a reader of the file has it."""
    return json.loads(json.dumps(explain(source, VALUES if values is None else values, **options).to_dict()))


@pytest.mark.parametrize("name", sound_examples())
def test_examples_hold(name: str) -> None:
    assert [] == verify(json.loads(json.dumps(run_example(name).to_dict()))).problems


@pytest.mark.parametrize("mode", ["reverse", "forward", "both"])
@pytest.mark.parametrize(("source", "values"), [(EXAMPLE, VALUES), (ARRAYS, MATRIX)])
def test_every_mode_holds(source: str, values: dict[str, Any], mode: str) -> None:
    assert ([], []) == verify(export(source, values, mode=mode))


def test_non_finite_numbers_hold() -> None:
    assert [] == verify(export("where(x > 0, sqrt(x), 0*x) + log(x)", {"x": 0.0})).problems


@pytest.mark.parametrize("options", [["--hessian"], ["--mode", "both"]])
def test_a_nan_that_one_order_or_direction_makes_holds(tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "run.json"
    assert 0 == execute(["run", "where-nan", *options, "-o", str(file)])
    assert [] == verify(json.loads(file.read_text(encoding="utf-8"))).problems


def test_a_slope_of_0_where_the_curve_bends_holds() -> None:
    assert [] == verify(export("abs(x)*x", {"x": 0.0})).problems


def test_a_saturated_sigmoid_holds() -> None:
    assert [] == verify(export("sigmoid(x)**2", {"x": 36.0})).problems


def test_a_function_of_the_users_own_is_left_open() -> None:
    found = verify(json.loads(json.dumps(run_example("cube").to_dict())))
    assert ([], ["cube"]) == found


def at(*path: Any, value: Any) -> Callable[[Any], None]:
    """A change of one entry of an export."""

    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value(data[path[-1]]) if callable(value) else value

    return change


def together(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    """Several changes, one after the other."""

    def change(data: Any) -> None:
        for each in changes:
            each(data)

    return change


def wrong_rule(data: Any) -> None:
    """A sweep with a wrong rule, told consistently: only formulas and differences can find it."""
    part = data["backward"][-1]["parts"][0]
    name = data["nodes"][part["target"]]["name"]
    for key in ("local", "contribution"):
        part[key] *= 2
    part["total_after"] = part["total_before"] + part["contribution"]
    data["nodes"][part["target"]]["gradient"] = data["gradients"][name] = part["total_after"]


BROKEN = {
    "order": at("nodes", 5, "inputs", value=[0, 7]),
    "values": at("nodes", 5, "value", value=lambda v: v * (1 + 1e-6)),
    "result": at("gradients", "w", value=lambda v: v + 1e-9),
    "edges": at("backward", 1, "parts", value=[]),
    "upstream": at("backward", 1, "upstream", value=2.0),
    "contributions": at("backward", 2, "parts", 0, "local", value=lambda v: v * 1.001),
    "totals": at("backward", 3, "parts", 0, "total_after", value=lambda v: v + 1e-12),
    "references": at("notes", 0, "node", value=99),
    "differences": wrong_rule,
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_finds_its_fault(rule: str) -> None:
    data = export()
    BROKEN[rule](data)
    assert rule in {problem.rule for problem in verify(data).problems}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (at("checks", 0, "ours", value=lambda v: v + 1e-12), "ours is not the gradient"),
        (at("checks", 0, "theirs", value=lambda v: v * 1.01), "apart, not 0"),
        (at("checks", 3, "error", value=1e-3), "apart, not 0.001"),
        (
            together(at("checks", 3, "theirs", value=lambda v: v + 0.25), at("checks", 3, "error", value=0.25)),
            "is more than rounding explains",
        ),
        (
            together(at("checks", 3, "theirs", value=lambda v: v * (1 + 2**-40)), at("checks", 3, "error", value=None)),
            "",
        ),
        (at("checks", 0, "formula", value="2*w + 1"), "2*w + 1 is 2 here"),
        (at("checks", 0, "status", value="undecided"), "16 digits of what does not agree"),
    ],
)
def test_a_verdict_that_its_numbers_do_not_bear_out_is_found(change: Callable[[Any], None], text: str) -> None:
    data = export(check=True)
    assert [] == verify(data).problems
    change(data)
    found = [problem for problem in verify(data).problems if problem.rule == "checks"]
    assert bool(text) == bool(found)
    assert text in "\n".join(problem.text for problem in found)


@pytest.mark.parametrize(
    "words",
    [
        ["x**2*y", "--x", "2", "--y", "3", "--hessian", "--check"],
        ["rosenbrock", "--hvp", "x=1,y=2", "--check"],
        ["x*x*y", "--x", "3", "--y", "2", "--upstream", "2.5", "--mode", "forward", "--check"],
        ["sum(x*x)", "--x", "linspace(1, 2, 200)", "--check"],
    ],
)
def test_verdicts_of_every_kind_hold(tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "run.json"
    assert 0 == execute(["run", *words, "-o", str(file)])
    assert [] == verify(json.loads(file.read_text(encoding="utf-8"))).problems


def test_a_closed_form_with_parts_of_its_own_is_worked_out() -> None:
    data = export("tanh(sin(x*y)*exp(x*y))**3*exp(sin(x*y)*exp(x*y))", {"x": 0.3, "y": 0.7}, check=True)
    assert " with s = x*y, p = exp(s)" in data["checks"][0]["formula"]
    assert [] == verify(data).problems
    data["checks"][0]["formula"] = data["checks"][0]["formula"].replace("s = x*y", "s = x + y")
    assert ["checks"] == [problem.rule for problem in verify(data).problems]


def test_digits_that_do_not_agree_are_found() -> None:
    data = export(check=True)
    check = data["checks"][3]
    check["theirs"] = check["ours"] * (1 + 2.0**-33)
    check["error"] = abs(check["theirs"] - check["ours"])
    assert ["16 digits do not agree, but 9"] == [problem.text for problem in verify(data).problems]


def test_a_note_of_no_kind_is_found() -> None:
    data = export()
    data["notes"][0]["kind"] = "hint"
    assert {"notes"} == {problem.rule for problem in verify(data).problems}


def test_a_branch_that_its_condition_does_not_explain_is_found() -> None:
    data = export("y = x*x if x > 0 else -x\ny*3", {"x": 2.0})
    assert [] == verify(data).problems
    data["branches"][0]["taken"] = False
    assert {"branches"} == {problem.rule for problem in verify(data).problems}


def test_a_wrong_tangent_is_found() -> None:
    data = export(mode="forward")
    at("forward", 2, "tangent", value=9.0)(data)
    assert {"tangents"} == {problem.rule for problem in verify(data).problems}


def test_a_wrong_product_over_a_path_is_found() -> None:
    run = explain(EXAMPLE, VALUES)
    from autograd_explain.explanation.paths import paths

    run.paths = paths(run)
    data = json.loads(json.dumps(run.to_dict()))
    assert [] == verify(data).problems
    data["paths"]["w"][0]["product"] += 1.0
    assert {"paths"} == {problem.rule for problem in verify(data).problems}


def test_a_hessian_that_is_not_symmetric_is_found(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    values = ["--w", "[0.5, 2]", "--x", "2"]
    assert 0 == execute(["run", "sum(w**3)*x**2", *values, "--hessian", "-o", str(file)])
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [] == verify(data).problems
    data["hessian"]["w"]["x"][0] += 0.1
    assert {"hessian", "differences"} == {problem.rule for problem in verify(data).problems}


@pytest.mark.parametrize(
    ("options", "change", "place"),
    [
        (["--hessian"], at("hessian", "w", "w", 1, 1, value=lambda v: v + 0.1), "hessian w[1], w[1]"),
        (["--hessian"], at("hessian", "x", "x", value=lambda v: v * 1.01), "hessian x, x"),
        (["--hvp", "w=[1, 2],x=3"], at("hvp", "product", "w", 0, value=lambda v: v - 1.0), "hvp w[0]"),
        (["--hvp", "w=[1, 2],x=3"], at("hvp", "vector", "x", value=4.0), "hvp w[0]"),
    ],
)
def test_second_derivatives_are_held_against_second_differences(
    tmp_path: Path, options: list[str], change: Callable[[Any], None], place: str
) -> None:
    file = tmp_path / "run.json"
    assert 0 == execute(["run", "sum(w**3)*x**2", "--w", "[0.5, 2]", "--x", "2", *options, "-o", str(file)])
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [] == verify(data).problems
    change(data)
    assert ("differences", place) in {(problem.rule, problem.place) for problem in verify(data).problems}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (at("value", value=7.0), "result"),
        (at("inputs", 0, "tracked", value=False), "result"),
        (at("inputs", 0, "shape", value=[1]), "result"),
        (at("nodes", 3, "label", value="other"), "values"),
    ],
)
def test_what_stands_twice_is_the_same(change: Callable[[Any], None], rule: str) -> None:
    data = export()
    change(data)
    assert rule in {problem.rule for problem in verify(data).problems}


def test_every_rule_has_a_broken_export() -> None:
    assert {rule.name for rule in RULES} == BROKEN.keys() | {
        "tangents", "paths", "hessian", "checks", "notes", "branches",
    }  # fmt: skip


@pytest.mark.parametrize("path", [("nodes",), ("backward",), ("nodes", 3), ("inputs", 0, "value"), ("notes",)])
@pytest.mark.parametrize("value", [None, 7, "text", [], {}])
def test_a_mangled_export_ends_in_problems_not_in_an_error(path: tuple[Any, ...], value: Any) -> None:
    data = export()
    at(*path, value=value)(data)
    verify(data)


def test_it_loads_no_engine() -> None:
    code = (
        "import sys, autograd_explain.check.verifier;"
        "print([m for m in sys.modules if m.startswith('autograd_explain.') and m.split('.')[1] != 'check'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == run.stdout.strip()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    data = export()
    file.write_text(json.dumps(data), encoding="utf-8")
    assert 0 == execute(["verify", str(file)])
    assert "all of it holds" in capsys.readouterr().out
    data["gradients"]["w"] = 5.0
    file.write_text(json.dumps(data), encoding="utf-8")
    assert 1 == execute(["verify", str(file)])
    assert "gradient of w" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '{"schema": "other"}', "\x00", "[" * 100_000])
def test_what_is_no_export_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(text, encoding="utf-8")
    assert 2 == execute(["verify", str(file)])
    out, err = capsys.readouterr()
    assert ("", True) == (out, err.startswith("error: "))


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == execute(["verify", str(tmp_path / "none.json")])
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "values", "options"),
    [
        ("x if x > 0 else y", {"x": 1.0, "y": 2.0}, {}), ("c = x > 0\nx", {"x": 1.0}, {}),
        ("z = detach(x)\nx", {"x": 1.0}, {}), ("x", {"x": 1.0}, {"upstream": 2.0}),
        ("f = floor(x)\nx*x\nf", {"x": 1.0}, {"mode": "forward"}),
        ("x", {"x": 1.0}, {"upstream": 2.0, "mode": "forward"}),
        ("upstream @ x", {"x": [1.0, 2.0], "upstream": [3.0, 4.0]}, {}),
        ("tangent @ x", {"x": [1.0, 2.0], "tangent": [3.0, 4.0]}, {"mode": "forward"}),
        ("x.T + x[None] + (-x).T", {"x": 2.0}, {}),
        ("sum(x - x)", {"x": [1.0, 2.0]}, {"mode": "both"}), ("sum(relu(x))", {"x": [-1.0, -2.0]}, {"mode": "forward"}),
    ],
)  # fmt: skip
def test_exports_that_leave_the_result_to_be_guessed_hold(source: str, values: Any, options: Any) -> None:
    assert [] == verify(export(source, values, **options)).problems


TWICE = {"x": 2.0, "y": 3.0}


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"mode": "forward"}, at("forward", value=[])),
        ({"mode": "forward"}, at("forward", 0, "step", value=77)),
        ({"mode": "forward"}, at("forward", 0, "parts", 0, "argument", value=1)),
        ({}, at("mode", value="forward")),
        ({"check": True}, at("checks", 0, "digits", value=3)),
        ({"hessian": True}, together(at("hessian", "x", "y", value=1.001), at("hessian", "y", "x", value=1.001))),
    ],
)  # fmt: skip
def test_numbers_beside_the_gradients_are_derived_too(options: Any, change: Callable[[Any], None]) -> None:
    data = export("x*x*x + x*y", TWICE, **options)
    assert [] == verify(data).problems
    change(data)
    assert [] != verify(data).problems


@pytest.mark.parametrize(
    "wrong",
    [[{"nodes": [4], "product": 7.0}], [{"nodes": [0, 3], "product": 7.0}],
     [{"nodes": [0, 2, 4], "product": 1.0}, {"nodes": [0, 2, 4], "product": 3.0},
      {"nodes": [0, 3, 4], "product": 3.0}]],
)  # fmt: skip
def test_a_path_is_a_way_with_the_product_of_its_locals(tmp_path: Path, wrong: Any) -> None:
    file = tmp_path / "paths.json"
    assert 0 == execute(["run", "x*x + x*y", "--x", "2", "--y", "3", "--paths", "-o", str(file)])
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [] == verify(data).problems
    data["paths"]["x"] = wrong
    assert ["paths"] == list({problem.rule for problem in verify(data).problems})


def test_the_engine_with_the_fault_is_left_open(tmp_path: Path) -> None:
    file = tmp_path / "fault.json"
    assert 0 == execute(["run", "x*x + x", "--x", "2", "--fault", "overwrite", "-o", str(file)])
    assert ([], ["the engine with the fault"]) == verify(json.loads(file.read_text(encoding="utf-8")))
