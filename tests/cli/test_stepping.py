"""`step` and `run --step` where there is no terminal, one step alone, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd_explain.cli import stepping
from tests.cli.conftest import Command, Ended

Fails = Callable[..., str]


@pytest.mark.parametrize("words", [("step",), ("run", "--step")])
def test_without_a_terminal_the_steps_are_printed(command: Any, words: tuple[str, ...]) -> None:
    plain = command("run", "x*x + x", "--x", "3")
    ended = command(*words, "x*x + x", "--x", "3")
    assert (0, plain.out) == (ended.code, ended.out)
    assert 1 == len(ended.err.splitlines())
    assert "not a terminal, so the steps are printed" in ended.err


@pytest.mark.parametrize("missing", ["stdin", "stdout", "stderr"])
def test_each_stream_must_be_a_terminal(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        def __init__(self, name: str) -> None:
            self.name = name

        def isatty(self) -> bool:
            return self.name != missing

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(stepping.sys, name, Stream(name))
    monkeypatch.setenv("TERM", "xterm")
    assert "not a terminal" in stepping.missing_terminal()
    missing = ""
    assert not stepping.missing_terminal()
    monkeypatch.setenv("TERM", "dumb")
    assert "dumb" in stepping.missing_terminal()


@pytest.mark.parametrize("words", [("run", "--step=2"), ("step", "--step=2")])
def test_one_step_alone(command: Any, words: tuple[str, ...]) -> None:
    ended = command(*words, "x*x + x", "--x", "3")
    assert (0, "") == (ended.code, ended.err)
    assert "STEP 2" in ended.out
    assert "x: 1 + 3 + 3 = 7" in ended.out
    assert "FORWARD" not in ended.out


def test_one_step_into_a_file(command: Any) -> None:
    ended = command("run", "x*x + x", "--x", "3", "--step=1", "-o", "step.txt")
    assert (0, "") == (ended.code, ended.out)
    assert "∂v2/∂v1 = 1" in Path("step.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--step=3"], "there is no step 3: the steps back are 1 to 2"),
        (["--step=0"], "there is no step 0"),
        (["--step=two"], "not 'two'"),
        (["--step=-1"], "not '-1'"),
        (["--step=9999999999999999"], "takes the number"),
        (["--step="], "takes the number"),
        (["--step", "--format", "json"], "does not go with json"),
        (["--step=1", "-o", "a.json"], "does not go with json"),
        (["--step", "-o", "a.txt"], "not a file"),
        (["--step", "--mode", "both"], "does not go with --mode both"),
        (["--step", "--paths"], "does not go with --paths"),
        (["--step", "--fault", "overwrite"], "does not go with --fault"),
        (["--step=1", "--versus", "x=1"], "does not go with --versus"),
    ],
)
def test_what_is_refused(fails: Fails, words: list[str], told: str) -> None:
    report = fails("run", "x*x + x", "--x", "3", *words)
    assert told in report
    assert "hint: " in report


def test_a_program_without_steps_has_none(fails: Fails) -> None:
    assert "there are no steps back" in fails("run", "3*4", "--step=1")


def test_a_saved_training_goes_on_step_by_step(command: Command) -> None:
    assert 0 == command("train", "(x - 3)**2", "--x", "0", "--lr", "0.1", "--steps", "4", "--save", "run.json").code
    went_on = command("step", "run.json")
    assert (0, "note: standard input is not a terminal, so the step is printed\n") == (went_on.code, went_on.err)
    assert "STEP 5" in went_on.out
    assert command("train", "--resume", "run.json", "--step").out == went_on.out
    assert "STEP 9" in command("step", "run.json", "--step=9", "--plain").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--x", "2"], "error: run.json goes on as it was saved, so a value cannot be given\nhint: step run.json\n"),
        (["--check"], "error: run.json goes on as it was saved, so --check cannot be given\nhint: step run.json\n"),
        (["--step=2"], "error: step 2 lies before the 4 steps that were saved\nhint: the next is step 5\n"),
        (["--step=x"], "error: --step takes the number of a step back, not 'x'\nhint: --step=1, or --step alone\n"),
    ],
)
def test_what_a_saved_training_does_not_go_with(command: Command, words: list[str], message: str) -> None:
    command("train", "(x - 3)**2", "--x", "0", "--steps", "4", "--save", "run.json")
    assert Ended(2, "", message) == command("step", "run.json", *words)
