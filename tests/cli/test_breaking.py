"""`--fault`, `--at-kink`, `faults`, and what `ops` draws and explains."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from autograd_explain.explanation.faults import FAULTS

Command = Callable[..., Any]
Fails = Callable[..., str]


def test_a_run_with_a_fault_ends_well(command: Command) -> None:
    ended = command("run", "x*x + x", "--x", "3", "--fault", "overwrite")
    assert (0, "") == (ended.code, ended.err)
    assert [] == [word for word in ("FAULT", "BOTH", "PARTING", "DAMAGE") if word not in ended.out]


def test_the_fault_is_in_the_data(command: Command) -> None:
    made = json.loads(command("run", "x*x + x", "--x", "3", "--fault", "overwrite", "--format", "json").out)
    assert {"x": 7.0} == made["gradients"]
    assert ("overwrite", {"x": 3.0}) == (made["fault"]["name"], made["fault"]["gradients"])
    assert [(1.0, 3.0), (3.0, 3.0)] == [(p["total_before"], p["total_after"]) for p in made["fault"]["parts_at_step"]]


def test_without_a_fault_the_data_has_none(command: Command) -> None:
    assert "fault" not in json.loads(command("run", "x", "--x", "3", "--format", "json").out)


def test_a_check_is_of_the_right_engine(command: Command) -> None:
    ended = command("check", "x*x + x", "--x", "3", "--fault", "overwrite")
    assert 0 == ended.code
    assert "agree" in ended.out


def test_faults_lists_every_one(command: Command) -> None:
    out = command("faults").out
    assert [] == [name for name in FAULTS if name not in out]
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize("name", FAULTS)
def test_the_command_a_fault_shows_does_show_it(command: Command, name: str) -> None:
    shown = command("faults", name).out
    words = shlex.split(shown.splitlines()[-1])[2:]
    ended = command(*words)
    assert 0 == ended.code
    assert "PARTING" in ended.out


def test_an_unknown_fault_names_the_nearest(fails: Fails) -> None:
    assert "did you mean overwrite?" in fails("run", "x", "--x", "1", "--fault", "overwrit")
    assert "did you mean overwrite?" in fails("faults", "overwrit")


def test_at_kink_chooses(command: Command) -> None:
    ended = command("run", "relu(x) + abs(x)", "--x", "0", "--at-kink", "relu=1, abs=1/2", "--check")
    assert 0 == ended.code
    assert "∂x   1.5" in ended.out
    assert "convention" in ended.out


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("relu", "FUNCTION=NUMBER"),
        ("relu=", "FUNCTION=NUMBER"),
        ("relu=1,", "FUNCTION=NUMBER"),
        ("relu=[1, 2]", "FUNCTION=NUMBER"),
        ("relu=zeros(3)", "one number"),
        ("sigmoid=1", "these have one: abs"),
        ("huber=1", "huber has no corner"),
        ("mae=1", "--at-kink abs=1"),
        ("rellu=1", "there is no function rellu"),
        ("relu=one", "relu"),
    ],
)
def test_at_kink_refuses_what_is_no_choice(fails: Fails, text: str, part: str) -> None:
    assert part in fails("run", "relu(x)", "--x", "0", "--at-kink", text)


@pytest.mark.parametrize(
    ("choice", "note"),
    [
        ("relu=1", "note: --at-kink relu: relu is not at its corner (x = 0) in this run, so nothing changes\n"),
        ("abs=1", "note: --at-kink abs: this run has no abs that a gradient goes through, so nothing changes\n"),
    ],
)
def test_at_kink_says_when_it_changes_nothing(command: Command, choice: str, note: str) -> None:
    ended = command("run", "relu(x)", "--x", "2", "--at-kink", choice)
    assert (0, note) == (ended.code, ended.err)


def test_at_kink_chooses_for_reductions_too(command: Command) -> None:
    made = json.loads(command("run", "max(x)", "--x", "[3, 3]", "--at-kink", "max=1", "--format", "json").out)
    assert {"x": [1.0, 0.0]} == made["gradients"]


def test_no_gradient_is_minus_nothing(command: Command) -> None:
    out = command("run", "mae(p, t)", "--p", "1", "--t", "1", "--format", "json").out
    made = json.loads(out)
    assert ["0.0", "0.0"] == [str(made["gradients"][name]) for name in "pt"]
    assert "-0.0" not in [str(part["total_after"]) for step in made["backward"] for part in step["parts"]]


def test_expected_numbers_are_not_held_against_another_choice(command: Command) -> None:
    ended = command("check", "fan-out", "--at-kink", "relu=1")
    assert 0 == ended.code
    assert "are not checked" in ended.err


def test_ops_shows_the_choices_of_others_and_both_curves(command: Command) -> None:
    out = command("ops", "abs").out
    assert [["taken", "here", "0"], ["PyTorch", "0"], ["JAX", "1"], ["TensorFlow", "0"]] == [
        line.split() for line in out.splitlines() if line.startswith("            ")
    ][:4]
    assert "abs(x)\n" in out
    assert "its derivative, d abs(x) / dx" in out


def test_ops_says_what_a_choice_means(command: Command) -> None:
    said = {name: " ".join(command("ops", name).out.split()) for name in ("relu", "maximum", "max", "pow")}
    assert "--at-kink relu=NUMBER: the slope taken at the corner" in said["relu"]
    assert "--at-kink maximum=NUMBER: the share of the first argument at a tie" in said["maximum"]
    assert "--at-kink max=NUMBER: the share of the first of the equal entries" in said["max"]
    assert "where x = y = 0, by y" in said["pow"] or "at x = y = 0, by y" in said["pow"]


def test_ops_draws_only_curves(command: Command) -> None:
    assert "derivative," not in command("ops", "matmul").out
    assert "derivative," not in command("ops", "maximum").out


def test_the_glossary(command: Command) -> None:
    out = command("ops", "--glossary").out
    assert out.startswith("Autograd is like a recipe")
    assert "\nupstream " in out
    assert all(len(line) <= 80 for line in out.splitlines())
