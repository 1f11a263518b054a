"""`--mode`, `--paths`, `--versus`: what they show, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from autograd_explain.cli.comparing import read_versus, with_others
from autograd_explain.errors import InputError
from tests.cli.conftest import Command

SCHEMA = json.loads(files("autograd_explain").joinpath("schema.json").read_text("utf-8"))
BRANCH = "y = x*x if x > 0 else -x; y + 1"


@pytest.mark.parametrize("mode", ["reverse", "forward", "both"])
@pytest.mark.parametrize("words", [("baydin",), ("sum(W @ x)", "--W=[[1,2],[3,4]]", "--x=[1,2]"), ("1 + x", "--x=inf")])
def test_json_of_every_mode_fits_the_schema(command: Callable[..., Any], mode: str, words: tuple[str, ...]) -> None:
    ended = command("run", *words, "--mode", mode, "--format", "json")
    assert (0, "") == (ended.code, ended.err)
    data = json.loads(ended.out)
    jsonschema.validate(data, SCHEMA)
    assert mode == data["mode"]


def test_the_schema_holds_each_mode_to_its_lists(command: Callable[..., Any]) -> None:
    data = json.loads(command("run", "baydin", "--mode", "forward", "--paths", "--format", "json").out)
    jsonschema.validate(data, SCHEMA)
    for wrong in ({**data, "mode": "reverse"}, {**data, "backward": []}, {**data, "mode": "both"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_every_mode_has_the_same_gradients(command: Callable[..., Any]) -> None:
    texts = [command("run", "baydin", "--brief", "--mode", mode).out for mode in ("reverse", "forward", "both")]
    assert 1 == len(set(texts))


def test_plain_is_ascii(command: Callable[..., Any]) -> None:
    for words in (["--mode", "forward"], ["--mode", "both"], ["--paths"], ["--versus", "x1=3"]):
        assert command("run", "baydin", "--plain", *words).out.isascii()


def test_an_unknown_mode_is_refused(fails: Callable[..., str]) -> None:
    assert "forward" in fails("run", "x", "--x", "1", "--mode", "sideways")


def test_too_many_inputs_for_forward_mode(fails: Callable[..., str]) -> None:
    report = fails("run", "sum(w)*x", "--w", "ones(65)", "--x", "2", "--mode", "forward")
    assert "66 entries" in report
    assert "--wrt x" in report


def test_forward_mode_is_checked(command: Callable[..., Any]) -> None:
    ended = command("check", "baydin", "--mode", "forward")
    assert 0 == ended.code
    assert "agree to" in ended.out


def test_paths(command: Callable[..., Any]) -> None:
    ended = command("run", "baydin", "--paths")
    assert 0 == ended.code
    assert "PATHS" in ended.out
    assert "11 along the paths, 8 in the reverse sweep" in ended.out


def test_paths_of_arrays_say_what_each_adds(command: Callable[..., Any]) -> None:
    ended = command("run", "sum(x*x)", "--x", "[1, 2]", "--paths")
    assert 0 == ended.code
    assert "x   2 paths" in ended.out
    assert 2 == ended.out.count("x → v1 → v2                                      = [1, 2]")


def test_versus(command: Callable[..., Any]) -> None:
    ended = command("run", BRANCH, "--x", "2", "--versus", "x=-1")
    assert (0, "") == (ended.code, ended.err)
    assert "The runs part at x > 0" in ended.out
    assert "gone" in ended.out


def test_versus_takes_the_place_of_defaults_and_of_values(command: Callable[..., Any]) -> None:
    out = command("run", "baydin", "--x1", "4", "--versus", "x2=1").out
    rows = {line.split()[0]: line.split()[1:3] for line in out.splitlines() if line.strip()}
    assert ["4", "4"] == rows["x1"]
    assert ["5", "1"] == rows["x2"]


def test_versus_into_a_file(command: Callable[..., Any], tmp_path: Any) -> None:
    ended = command("run", BRANCH, "--x", "2", "--versus", "x=-1", "-o", "two.txt")
    assert (0, "") == (ended.code, ended.out)
    assert "VERSUS" in (tmp_path / "two.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--versus", "x=-1", "--format", "json"], "--versus is a text view; there is no json of two runs"),
        (["--versus", "x=-1", "-o", "two.json"], "--versus is a text view"),
        (["--versus", "x=-1", "--paths"], "does not go with --paths"),
        (["--versus", "x=-1", "--mode", "both"], "does not go with --mode"),
        (["--versus", "x=-1", "--check"], "does not go with --check"),
        (["--versus", "z=1"], "no name z"),
        (["--versus", "x"], "takes NAME=VALUE"),
        (["--versus", "x="], "takes NAME=VALUE"),
        (["--versus", "2=x"], "2"),
        (["--versus", "x=oops("], "oops"),
        (["--mode", "forward", "--fault", "overwrite"], "--fault breaks a rule of the reverse sweep"),
    ],
)
def test_what_does_not_fit_is_refused(fails: Callable[..., str], words: list[str], expected: str) -> None:
    assert expected in fails("run", BRANCH, "--x", "2", *words)


def test_commas_inside_brackets_belong_to_a_value() -> None:
    assert (("x", "-1"), ("W", "[[1, 2], [3, 4]]"), ("b", "max(1,2)")) == read_versus(
        "x=-1,W=[[1, 2], [3, 4]], b=max(1,2)"
    )
    assert () == read_versus(None)
    with pytest.raises(InputError):
        read_versus("=2")


def test_the_other_run_keeps_what_it_does_not_change() -> None:
    assert (("y", "1"), ("x", "3")) == with_others((("x", "2"), ("y", "1")), (("x", "3"),))


def test_an_upstream_multiplies_what_forward_sweeps_and_closed_forms_come_to(command: Command) -> None:
    words = ("run", "x*x", "--x", "3", "--upstream", "2", "--no-notes")
    forward = command(*words, "--mode", "forward", "--check=symbolic").out
    assert "∂x               upstream × the result's tangent: 2 × 6 = 12" in forward
    assert "∂x = 4*x" in forward
    assert "3 × 1 + 3 × 1 = 6   × 2 = ∂x" in command(*words, "--mode", "both").out
    plain = command("run", "x*x", "--x", "3", "--no-notes", "--mode", "forward").out
    assert "∂x               the result's tangent            = 6" in plain
