"""How a command line is taken apart: values by name, options, and the program."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest

from autograd_explain.cli.main import check, group, run, step
from autograd_explain.cli.options import rewritten

Fails = Callable[..., str]


def words(line: list[str]) -> list[str]:
    return rewritten(line, run.params, "run")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["x", "--x", "2"], ["--set=x=2", "--", "x"]),
        (["--x", "-2", "x"], ["--set=x=-2", "--", "x"]),
        (["--x", "-.5", "-x"], ["--set=x=-.5", "--", "-x"]),
        (["--x=[1,-2]", "x"], ["--set=x=[1,-2]", "--", "x"]),
        (["--x", "a=b", "x"], ["--set=x=a=b", "--", "x"]),
        (["--x=", "x"], ["--set=x=", "--", "x"]),
        (["--c", "3", "--w", "4", "--b", "5", "--ch", "6", "c"],
         ["--set=c=3", "--set=w=4", "--set=b=5", "--set=ch=6", "--", "c"]),
        (["--θ", "1", "--x₁", "2", "θ"], ["--set=θ=1", "--set=x₁=2", "--", "θ"]),
        (["--mod", "forward", "x"], ["--set=mod=forward", "--", "x"]),
        (["--check", "w*x"], ["--check=symbolic,finite", "--", "w*x"]),
        (["w*x", "--check=finite"], ["--check=finite", "--", "w*x"]),
        (["--digits", "3", "--brief", "x"], ["--digits=3", "--brief", "--", "x"]),
        (["--upstream", "-1", "x"], ["--upstream=-1", "--", "x"]),
        (["-o", "a.json", "x"], ["--output=a.json", "--", "x"]),
        (["-h"], ["--help", "--"]),
        (["--brief", "--", "--x"], ["--brief", "--", "--x"]),
        (["-"], ["--", "-"]),
        (["--x", "--2", "x"], ["--set=x=--2", "--", "x"]),
    ],
)  # fmt: skip
def test_names_become_values_and_the_program_stands_last(line: list[str], expected: list[str]) -> None:
    with click.Context(run, info_name="run"):
        known = [*run.params, run.get_help_option(click.Context(run, help_option_names=["-h", "--help"]))]
        assert expected == rewritten(line, [p for p in known if p], "run")


def test_completion_sees_the_words_as_typed() -> None:
    context = run.make_context("run", ["--x", "3", "x"], resilient_parsing=True)
    assert "program" in context.params


def gradients(ended: Any) -> dict[str, Any]:
    assert (0, "") == (ended.code, ended.err)
    return dict(json.loads(ended.out)["gradients"])


def test_values_reach_the_program(command: Callable[..., Any]) -> None:
    assert {"w": 2.0, "x": -3.0} == gradients(command("run", "w*x", "--x", "2", "--w=-3", "--format", "json"))


def test_a_name_that_is_also_an_option_is_set(command: Callable[..., Any]) -> None:
    ended = command("run", "x*digits", "--set", "digits=4", "--x", "2", "--format", "json", "--digits", "3")
    assert {"x": 4.0, "digits": 2.0} == gradients(ended)


def test_constants_can_be_given(command: Callable[..., Any]) -> None:
    assert {"pi": 1.0} == gradients(command("run", "pi", "--pi", "3", "--format", "json"))


def test_track_only_some(command: Callable[..., Any]) -> None:
    values = ("--x", "2", "--w", "3", "--format", "json")
    assert {"w": 2.0} == gradients(command("run", "w*x", *values, "--wrt", "w"))
    assert {"w": 2.0, "x": 3.0} == gradients(command("run", "w*x", *values, "--wrt", "x, w,w"))


def test_the_upstream(command: Callable[..., Any]) -> None:
    ended = command("run", "x*[1, 2]", "--x", "3", "--upstream", "[10, 1]", "--format", "json")
    assert {"x": 12.0} == gradients(ended)


def test_a_table_gives_untracked_values(command: Callable[..., Any], tmp_path: Any) -> None:
    (tmp_path / "p.csv").write_text("x,y,note\n1,2,a\n3,4,b\n")
    line = ("run", "sum(w*x - y)", "--data", "p.csv", "--w", "1", "--format", "json")
    assert {"w": 4.0} == gradients(command(*line))
    assert {"x": [1.0, 1.0]} == gradients(command(*line, "--wrt", "x"))


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (["x"], "no value for x", "autograd-explain run x --x ..."),
        (["w*x + b", "--x", "2"], "no value for w and b", 'autograd-explain run "w*x + b" --x 2 --w ... --b ...'),
        (["digits*x", "--x", "2"], "no value for digits", 'run "digits*x" --x 2 --set digits=...'),
        (["w*x", "--check", "--x=2"], "no value for w", 'run "w*x" --check --x=2 --w ...'),
        (["chain-rul"], "no value for chain and rul", "or the example: autograd-explain run chain-rule"),
        (["x", "--x", "1", "--z", "3"], "the program has no name z", "its names: x"),
        (["x", "--x", "1", "--mod", "forward"], "the program has no name mod", "its names: x"),
        (["x", "--x", "1", "--brie", "3"], "the program has no name brie", "did you mean --brief?"),
        (["x", "--brie"], "--brie has no value", "did you mean --brief?"),
        (["x", "--x"], "--x has no value", "--x 2, or --x=2"),
        (["x", "--x", "--brief"], "--x has no value", "--x 2"),
        (["x", "--digits"], "--digits has no value", "--digits 2"),
        (["x", "--x", "1", "--x=1"], "x is given twice", "give it once"),
        (["x1", "--x1", "1", "--x₁", "1"], "x1 is given twice", "the same name"),
        (["x", "--learning-rate", "1"], "there is no option --learning-rate", "a name has letters"),
        (["x", "--lim", "1"], "no name lim", "did you mean --limit?"),
        (["w", "*", "x", "--w", "2"], "there are 3 programs here: w   *   x", 'run "w * x" --w 2'),
        (["x", "-x", "3"], "there are 3 programs here", "a value has two dashes: --x 2"),
        (["x", "--x", "1", "--fold", "for"], "--fold takes a value only after =", "--fold=for"),
        (["--check", "symbolic", "x", "--x", "1"], "--check takes a value only after =", "--check=symbolic"),
        ([], "missing argument 'PROGRAM'", "autograd-explain run --help"),
        (["x", "--digits", "0"], "--digits takes a whole number from 1 to 17, not '0'", "run --help"),
        (["x", "--digits", "two"], "--digits takes a whole number from 1 to 17, not 'two'", "run --help"),
        (["x", "--digits", "a is not b"], "--digits takes a whole number from 1 to 17, not 'a is not b'", "run --help"),
        (["x", "--seed", "-1"], "--seed takes a whole number, at least 0, not '-1'", "run --help"),
        (["x", "--format", "pdf"], "--format takes one of text, json, markdown,", "run --help"),
        (["x", "--format", "jsn"], ", not 'jsn'", "did you mean json?"),
        (["x", "--brief=yes"], "does not take a value", "--help"),
        (["x", "--set", "x"], "--set takes NAME=VALUE, not x", "--set x=2"),
        (["x", "--x", "1", "--wrt", "q"], "--wrt q: no value is given", "its names: x"),
        (["h = x; h", "--x", "1", "--wrt", "h"], "--wrt h: the program computes h", "its names: x"),
        (["x", "--x", "1", "--wrt", "x,"], "--wrt takes names with commas", "--wrt w,b"),
        (["x", "--x", "1", "--check=symbolics"], "there is no checker symbolics", "did you mean symbolic?"),
        (["x", "--x", "1", "--check="], "--check takes names", "--check=symbolic,finite"),
        (["x", "--limit", "node=3"], "there is no limit node", "did you mean nodes?"),
        (["x", "--limit", "nodes=-3"], "the limit nodes takes a whole number, 1 or more, not '-3'", "--limit nodes="),
        (["x", "--limit", "nodes"], "the limit nodes takes a whole number", "--limit nodes=5000"),
        (["x", "--x", "1", "--upstream", "[1"], "the value of --upstream: ", "add ]"),
        (["sigmod(x)"], "unknown function 'sigmod'", "did you mean sigmoid?"),
        (["x", "--data", "none.csv"], "there is no file none.csv", ""),
        (["none.expr"], "there is no file none.expr", "examples"),
        (["x + * 2"], "error: ", "^"),
    ],
)
def test_a_line_that_is_refused(fails: Fails, line: list[str], message: str, hint: str) -> None:
    report = fails("run", *line)
    assert message in report
    assert hint in report


def test_a_column_and_a_value_collide(fails: Fails, tmp_path: Any) -> None:
    (tmp_path / "p.csv").write_text("x,note\n1,a\n")
    assert "x is given twice: as --x and as a column" in fails("run", "x", "--x", "1", "--data", "p.csv")
    assert "the column note is not numeric: line 2: 'a'" in fails("run", "note", "--data", "p.csv")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (["x**2"], 'autograd-explain run "x**2" --x ...'),
        (["x**2", "--x", "3"], 'autograd-explain run "x**2" --x 3'),
        (["-x", "--x=3"], "autograd-explain run -x --x=3"),
        (["x +"], 'autograd-explain run "x +"'),
        (["chek", "x", "--x", "3"], "autograd-explain check x --x 3"),
        (["--x", "3", "x"], "autograd-explain run PROGRAM --x 3"),
    ],
)
def test_a_program_without_a_command(fails: Fails, line: list[str], hint: str) -> None:
    assert hint in fails(*line)


def test_limits_reach_the_run(fails: Fails) -> None:
    loop = "s = 0\nfor i in range(50): s = s + x*i\ns"
    assert "more than 9 operations" in fails("run", loop, "--x", "1", "--limit", "nodes=9")
    assert "entries" in fails("run", "x", "--x", "[1, 2, 3]", "--limit", "elements=2")


def test_commands_share_their_options() -> None:
    assert [p.name for p in run.params] == [*(p.name for p in check.params), "step"]
    assert [p.name for p in run.params] == [p.name for p in step.params]
    others = {"check", "examples", "faults", "ops", "plot", "quiz", "step", "train", "verify"}
    assert {"run", *others} == set(group.commands)
