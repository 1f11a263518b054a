"""`--hessian` and `--hvp`: what they show, that it is right, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

from autograd_explain import explain, hessian
from autograd_explain import functions as F  # noqa: N812 - as users write it
from autograd_explain.check.second import check_second
from autograd_explain.errors import LimitError

SCHEMA = json.loads(files("autograd_explain").joinpath("schema.json").read_text("utf-8"))
NET = ("sum(tanh(W @ x)**2)", "--W", "[[1, 2], [3, 4]]", "--x", "[0.1, 0.2]")


def _data(command: Callable[..., Any], *words: str) -> Any:
    ended = command("run", *words, "--format", "json")
    assert (0, "") == (ended.code, ended.err)
    data = json.loads(ended.out)
    jsonschema.validate(data, SCHEMA)
    return data


def test_json_holds_the_hessian_by_name(command: Callable[..., Any]) -> None:
    data = _data(command, "x**2*y", "--x", "2", "--y", "3", "--hessian")
    assert {"x": {"x": 6.0, "y": 4.0}, "y": {"x": 4.0, "y": 0.0}} == data["hessian"]
    assert data["nodes"] == _data(command, "x**2*y", "--x", "2", "--y", "3")["nodes"]


def test_blocks_of_arrays_have_both_shapes(command: Callable[..., Any]) -> None:
    blocks = _data(command, *NET, "--hessian")["hessian"]
    given = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.1, 0.2])
    python = hessian(lambda w, x: F.sum(F.tanh(w @ x) ** 2), argnums=(0, 1))(*given)
    for name, own in zip(("W", "x"), python, strict=True):
        for other, block in zip(("W", "x"), own, strict=True):
            np.testing.assert_allclose(block, blocks[name][other], rtol=1e-12, atol=1e-15)


def test_hvp_in_json(command: Callable[..., Any]) -> None:
    data = _data(command, "rosenbrock", "--hvp", "x=1,y=2")
    assert {"x": 1.0, "y": 2.0} == data["hvp"]["vector"]
    assert {"x": pytest.approx(2290.0), "y": pytest.approx(880.0)} == data["hvp"]["product"]
    assert "hessian" not in data
    alone = _data(command, "sum(x**3)", "--x", "[1, 2]", "--hvp", "[1, 0]")
    assert {"x": [6.0, 0.0]} == alone["hvp"]["product"]


def test_a_vector_may_leave_inputs_out(command: Callable[..., Any]) -> None:
    assert {"x": 4.0, "y": 0.0} == _data(command, "x**2*y", "--x", "2", "--y", "3", "--hvp", "y=1")["hvp"]["product"]


def test_the_text_tells_the_recorded_backward_pass_and_walks_it_back(command: Callable[..., Any]) -> None:
    out = command("run", "x**2*y", "--x", "2", "--y", "3", "--hessian").out
    assert "BACKWARD, RECORDED" in out
    assert "d_x = y·v4         3·4" in out
    assert "∂y is v1" in out
    assert "BACK FROM ∂x" in out
    assert "→ y              1 × 4                           = 4  ∂x∂y" in out
    assert "∂x    6    4" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_other_widths_plain_and_brief(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    ended = command("run", "micrograd", "--hessian", "--plain")
    assert ended.out.isascii()
    assert all(len(line) <= 60 for line in ended.out.splitlines())
    brief = command("run", "x**2*y", "--x", "2", "--y", "3", "--hessian", "--brief").out
    assert "HESSIAN" in brief
    assert "RECORDED" not in brief


def test_a_long_recording_is_cut_and_all_tells_it(command: Callable[..., Any]) -> None:
    words = ("logistic-map", "--hessian", "--no-notes")
    cut, whole = command("run", *words).out, command("run", *words, "--all").out
    assert "more operations; --all prints them" in cut
    assert "--all" not in whole
    assert len(cut.splitlines()) < len(whole.splitlines())


@pytest.mark.parametrize("program", ["rosenbrock", "two-layers", "softmax-classifier", "cube", "recursion", "quotient"])
def test_every_second_derivative_is_checked_and_agrees(command: Callable[..., Any], program: str) -> None:
    data = _data(command, program, "--hessian", "--check=finite")
    second = [entry for entry in data["checks"] if "∂" in entry["target"]]
    assert second
    assert {"agrees"} == {entry["status"] for entry in second}, second


def test_symbolic_symmetry_and_differences_by_name(command: Callable[..., Any]) -> None:
    data = _data(command, "x**2*y", "--x", "2", "--y", "3", "--hessian", "--check")
    second = {(e["checker"], e["target"]) for e in data["checks"] if "∂" in e["target"]}
    expected = {("symbolic", t) for t in ("x∂x", "x∂y", "y∂y")} | {("symmetry", "x∂y")}
    assert expected | {("finite", t) for t in ("x∂x", "x∂y", "y∂x", "y∂y")} == second
    assert ["2*y", "2*x"] == [e["formula"] for e in data["checks"] if e["target"] in {"x∂x", "x∂y"} and e["formula"]]


def test_hvp_is_checked(command: Callable[..., Any]) -> None:
    data = _data(command, "rosenbrock", "--hvp", "x=1,y=2", "--check")
    assert {"agrees"} == {entry["status"] for entry in data["checks"]}
    assert "·v∂x" in {entry["target"] for entry in data["checks"]}


def test_a_wrong_second_derivative_is_found() -> None:
    run = explain("x**2*y", x=2, y=3, hessian=True)
    assert run.second is not None
    run.second.table["x"]["y"] = 5.0
    statuses = {(c.checker, c.target): c.status for c in check_second(run.second, ["finite"])}
    assert "differs" == statuses["finite", "x∂y"] == statuses["symmetry", "x∂y"]
    assert "agrees" == statuses["finite", "y∂x"]


def test_a_corner_is_a_convention_or_undecided(command: Callable[..., Any]) -> None:
    data = _data(command, "relu(x)*x", "--x", "0", "--hessian", "--check")
    statuses = {e["checker"]: e["status"] for e in data["checks"] if e["target"] == "x∂x"}
    assert {"symbolic": "convention", "finite": "convention"} == statuses
    jump = _data(command, "abs(x)", "--x", "0", "--hessian", "--check=finite")
    assert {"undecided"} == {e["status"] for e in jump["checks"] if e["target"] == "x∂x"}


def test_detach_is_not_called_wrong(command: Callable[..., Any]) -> None:
    data = _data(command, "detach(x)*x**2", "--x", "2", "--hessian", "--check")
    assert {"x": {"x": 4.0}} == data["hessian"]
    statuses = {e["checker"]: e["status"] for e in data["checks"] if e["target"] == "x∂x"}
    assert {"symbolic": "agrees", "finite": "undecided"} == statuses


def test_in_python() -> None:
    run = explain("x**3", x=2, hessian=True)
    assert run.second is not None
    assert {"x": {"x": 12.0}} == run.second.table == run.to_dict()["hessian"]
    own = explain(lambda x: x**3, x=2, hessian=True, check=True)
    assert own.second is not None
    assert {"x": {"x": 12.0}} == own.second.table
    assert {"agrees"} == {check.status for check in own.checks}
    assert explain("x**3", x=2).second is None
    with pytest.raises(LimitError, match="65 entries"):
        explain("sum(x**2)", x=[1.0] * 65, hessian=True)


def test_straight_and_untracked_programs(command: Callable[..., Any]) -> None:
    assert "Every second derivative is 0" in command("run", "2*x + 1", "--x", "3", "--hessian").out
    assert 0 == command("run", "3 + 4", "--hessian").code
    assert {"x": {"x": 0.0}} == _data(command, "x", "--x", "3", "--hessian")["hessian"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sum(w)*x", "--w", "ones(65)", "--x", "2", "--hessian"], "--hvp V gives the Hessian times a vector"),
        (["x*y", "--x", "1", "--y", "2", "--hvp", "1"], "given by name"),
        (["x*y", "--x", "1", "--y", "2", "--hvp", "z=1"], "z, which is not tracked"),
        (["x*y", "--x", "1", "--y", "2", "--hvp", "x=[1, 2]"], "the vector has shape (2) for x"),
        (["x*x", "--x", "1", "--hvp", "sigmod(1)"], "unknown function"),
        (["x*x", "--x", "1", "--hvp", "1", "--hessian"], "ask for one of them"),
        (["x*x", "--x", "1", "--hessian", "--format", "svg"], "not in svg"),
        (["x*x", "--x", "1", "--hessian", "--format", "markdown"], "not in markdown"),
        (["x*x", "--x", "1", "--hessian", "--versus", "x=2"], "does not go with --versus"),
        (["x*x", "--x", "1", "--hessian", "--fault", "overwrite"], "does not go with --fault"),
        (["x*x", "--x", "1", "--hessian", "--step=1"], "does not go with --hessian"),
    ],
)
def test_what_is_refused(fails: Callable[..., str], words: list[str], said: str) -> None:
    assert said in fails("run", *words)
