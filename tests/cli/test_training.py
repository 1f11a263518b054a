"""`train`: what it shows, streams, saves and goes on with, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from autograd_explain.cli import training
from autograd_explain.lang.program import example, gallery, gallery_folder
from autograd_explain.train import loop

Command = Callable[..., Any]
Fails = Callable[..., str]
LINE = ("train", "mse(w*x + b, y)", "--data", "points.csv", "--w", "0", "--b", "0")
POINTS = "x,y,name\n1,3.1,a\n2,4.9,b\n3,7.2,c\n4,8.8,d\n"


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(POINTS, encoding="utf-8")
    return path


@pytest.mark.usefixtures("points")
def test_step_one_in_full_then_a_table_a_curve_and_the_parameters(command: Command) -> None:
    ended = command(*LINE, "--optimizer", "adam", "--lr", "0.1", "--steps", "60")
    assert (0, "") == (ended.code, ended.err)
    order = ["TRAINING", "STEP 1", "FORWARD", "BACKWARD", "UPDATE", "STEPS", "LOSS", "PARAMETERS"]
    places = [ended.out.index(f"  {part} ") for part in order]
    assert sorted(places) == places
    assert "v ← β₂·v + (1 − β₂)·∂b²" in ended.out
    assert "= 0.9·0 + (1 − 0.9)·(−12) = −1.2" in ended.out
    assert "= 0 − 0.1·(−12)/(√(144) + 1e-08) = 0.1" in ended.out
    shown = [line.split()[0] for line in ended.out.split("  STEPS ")[1].splitlines()[2:] if line[:11].strip().isdigit()]
    assert ["1", "2", "5", "10", "20", "50", "60"] == shown
    assert max(map(cell_len, ended.out.splitlines())) <= 80


@pytest.mark.usefixtures("points")
def test_the_two_notes_stand_where_their_questions_arise(command: Command) -> None:
    out = " ".join(command(*LINE, "--lr", "0.01", "--steps", "3").out.replace("│", " ").split())
    assert "raising w lowers the loss, so w should go up" in out
    assert "Kept from step 1, it would be −34.85 +" in out
    without = command(*LINE, "--lr", "0.01", "--steps", "3", "--no-notes").out
    assert "│" not in without.split("STEPS")[1].split("LOSS")[0]
    assert "zero_grad" not in command(*LINE, "--steps", "1").out


@pytest.mark.usefixtures("points")
def test_any_step_in_full_and_none(command: Command) -> None:
    out = command(*LINE, "--lr", "0.01", "--steps", "9", "--explain", "7").out
    assert "STEP 7 " in out
    assert "STEP 1 " not in out
    assert "UPDATE    at step 7" in out
    far = command(*LINE, "--lr", "0.01", "--steps", "9", "--explain", "70")
    assert "note: step 70 was not reached, so it is not shown\n" == far.err
    brief = command(*LINE, "--lr", "0.01", "--steps", "9", "--brief").out
    assert "FORWARD" not in brief
    assert "TRAINING" in brief
    everything = command(*LINE, "--lr", "0.01", "--steps", "9", "--brief", "--all").out
    assert [str(n) for n in range(1, 10)] == [
        line.split()[0] for line in everything.splitlines() if line[:11].strip().isdigit()
    ]


@pytest.mark.usefixtures("points")
def test_plain_is_ascii(command: Command) -> None:
    out = command(*LINE, "--lr", "0.01", "--optimizer", "nadam", "--schedule", "cosine", "--plain").out
    assert out.isascii()
    assert "m_hat <- mu_next*m/(1 - p*mu_next)" in out


@pytest.mark.usefixtures("points")
def test_one_json_object_a_step(command: Command) -> None:
    ended = command(*LINE, "--lr", "0.01", "--steps", "3", "--format", "jsonl")
    first, second, third = map(json.loads, ended.out.splitlines())
    assert {"step", "loss", "parameters", "gradients", "learning_rate"} == first.keys()
    assert [1, 2, 3] == [first["step"], second["step"], third["step"]]
    assert 0.0 - 0.01 * first["gradients"]["w"] == first["parameters"]["w"]
    assert second["parameters"]["b"] - 0.01 * third["gradients"]["b"] == third["parameters"]["b"]
    assert first["loss"] > second["loss"] > third["loss"]
    last = json.loads(command("train", "log(x)", "--x", "0.1", "--lr", "1", "--format", "jsonl").out.splitlines()[-1])
    assert "nan" == last["loss"]


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize("optimizer", ["sgd(momentum=0.9)", "adam(amsgrad=True)", "nadam", "rmsprop(centered=True)"])
def test_a_saved_training_goes_on_bit_for_bit(command: Command, optimizer: str) -> None:
    line = (*LINE, "--lr", "0.003", "--optimizer", optimizer, "--batch", "3", "--seed", "5", "--brief")
    more = ("--schedule", "cosine(steps=30)", "--clip-norm", "20", "--holdout", "0.25")
    assert 0 == command(*line, *more, "--steps", "25", "--save", "whole.json").code
    assert 0 == command(*line, *more, "--steps", "8", "--save", "part.json").code
    ended = command("train", "--resume", "part.json", "--steps", "17", "--save", "rest.json")
    assert (0, True) == (ended.code, "17 steps more, after 8" in ended.out)
    assert Path("whole.json").read_text() == Path("rest.json").read_text()
    assert 25 == json.loads(Path("rest.json").read_text())["state"]["step"]


@pytest.mark.usefixtures("points")
def test_what_resuming_refuses(command: Command, fails: Fails) -> None:
    command(*LINE, "--steps", "2", "--save", "run.json")
    assert "--lr cannot be given" in fails("train", "--resume", "run.json", "--lr", "3")
    assert "PROGRAM cannot be given" in fails("train", "x", "--resume", "run.json")
    assert "exists already" in fails(*LINE, "--save", "run.json")
    assert "there is no file none.json" in fails("train", "--resume", "none.json")
    assert "is not a saved training" in fails("train", "--resume", "points.csv")
    for more in ((), ("--step",), ("-o", "page.html")):
        assert "step 2 lies before the 2 steps" in fails("train", "--resume", "run.json", "--explain", "2", *more)
    assert "train --resume run.json" in fails("run", "run.json")
    content = json.loads(Path("run.json").read_text())
    for damage in ({"schema": "other"}, {"state": {}}, {"optimizer": {"name": "x"}}, {"seed": "x"}):
        Path("bad.json").write_text(json.dumps({**content, **damage}))
        assert "bad.json" in fails("train", "--resume", "bad.json")


def test_a_hint_names_the_option_and_what_it_takes(fails: Fails) -> None:
    Path("folder").mkdir()
    assert "hint: name a file in it: --save folder/run.json" in fails("train", "rosenbrock", "--save", "folder")
    assert "hint: name a file in it: -o folder/training.svg" in fails("train", "rosenbrock", "-o", "folder")
    assert "write here: --save a.json" in fails("train", "rosenbrock", "--save", "none/a.json")
    Path("odd.csv").write_text("x;y,z\n1,2\n")
    odd = fails("train", "w*x + z", "--w", "0", "--data", "odd.csv")
    assert "no value for x; the table's columns are x;y, z" in odd
    assert "a table is read from .csv, .npz, .json" in fails("train", "w*x", "--w", "0", "--data", "none.csv")
    shows = "shows no step in full, so it does not go with --explain"
    assert shows in fails("train", "rosenbrock", "--format", "jsonl", "--explain", "2")
    assert shows in fails("train", "rosenbrock", "-o", "a.svg", "--explain", "2")


@pytest.mark.usefixtures("points")
def test_an_interruption_ends_the_step_saves_and_ends_with_130(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = loop.take

    def interrupted(plan: Any, state: Any) -> Any:
        if state.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return original(plan, state)

    monkeypatch.setattr(loop, "take", interrupted)
    ended = command(*LINE, "--lr", "0.01", "--steps", "50", "--save", "run.json", "--brief")
    assert 130 == ended.code
    assert "PARAMETERS after 4 steps" in ended.out
    assert "wrote run.json: 4 steps" in ended.err
    monkeypatch.undo()


def test_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with training.interruption() as is_asked:
        assert not is_asked()
    assert before is signal.getsignal(signal.SIGINT)


@pytest.mark.parametrize("write", ["json", "npz"])
def test_tables_of_other_kinds(command: Command, write: str) -> None:
    columns = {"X": [[1.0, 2.0], [3.0, 4.0]], "t": [0.0, 1.0]}
    if write == "json":
        Path("d.json").write_text(json.dumps(columns))
    else:
        np.savez("d.npz", **columns)
    line = ("train", "bce_with_logits(X @ w, t)", "--data", f"d.{write}", "--w", "[0, 0]", "--steps", "1")
    ended = command(*line, "--format", "jsonl")
    assert (0, "") == (ended.code, ended.err)
    assert [-0.5, -0.5] == json.loads(ended.out)["gradients"]["w"]


def test_tables_that_cannot_be_read(fails: Fails) -> None:
    Path("d.npz").write_bytes(b"PK no archive")
    Path("list.json").write_text("[1, 2]")
    Path("text.json").write_text('{"x": ["a", 1]}')
    line = ("train", "sum(w*x)", "--w", "0", "--data")
    assert "not a .npz file" in fails(*line, "d.npz")
    assert "an object of columns" in fails(*line, "list.json")
    assert "the column x is not numeric" in fails(*line, "text.json")


def test_nothing_is_said_of_keeping_gradients_where_there_is_nothing_to_add(command: Command) -> None:
    line = ("train", "(x - 1)**2*exp(x*x)", "--x", "3", "--brief", "--lr")
    assert "Kept from step 1" in command(*line, "1e-6").out
    assert "Kept from step 1" not in command(*line, "0.1").out


def test_what_becomes_of_it(command: Command) -> None:
    def told(*words: str) -> str:
        out = command("train", *words, "--brief").out.replace("│", " ")
        return " ".join(out.split("PARAMETERS")[1].split())

    assert "is above 2/" not in told("x**2", "--x", "1", "--lr", "0.1")
    diverged = told("x**2", "--x", "1", "--lr", "1.1", "--steps", "20")
    assert "Diverged: the loss grew from 1 to" in diverged
    assert "from step 2 on above where it began" in diverged
    assert "2/2 = 1; 1.1 is above it. Try --lr 0.5." in diverged
    at_once = told("(x - 1)**2*exp(x*x)", "--x", "3", "--lr", "0.1")
    assert "Diverged: the loss grew from 3.241e+04 to inf" in at_once
    assert "and the gradient exploded from 2.269e+05 to inf. The learning rate 0.1 is too large" in at_once
    far = ("x**2", "--x", "0.1", "--lr", "50", "--optimizer", "adam")
    assert "too large here: try --lr 5" in told(*far, "--steps", "2")
    assert "log(−9.9) = nan" in told("log(x)", "--x", "0.1", "--lr", "1")
    assert "Settled: the gradient is" in told("x**2", "--x", "1", "--lr", "0.4")
    assert "Wavering: the last 10 steps took" in told(*far)
    assert "Plateau" in told("x + 1000", "--x", "1", "--lr", "1e-6")
    assert "Still falling" in told("x**2", "--x", "1", "--lr", "0.01")
    assert "x = 0.64 loss 0.64, before the last update" in told("x**2", "--x", "1", "--lr", "0.1", "--steps", "2")
    assert "x = −9.9 loss nan" in told("log(x)", "--x", "0.1", "--lr", "1")
    patient = told("x**2", "--x", "1", "--lr", "1", "--patience", "3")
    assert "Stopped at step 4: no epoch has been better for 3." in patient
    assert "as --until asked" in told("x**2", "--x", "1", "--lr", "0.1", "--until", "loss<0.1")
    assert "as --until asked" in told("x**2", "--x", "1", "--lr", "0.1", "--until", "Loss<1E-1")
    dead = told("mse(relu([[1.0], [2.0]] @ W) @ [1, 1], [1, 2])", "--W", "[[-1, 1]]", "--lr", "0.01", "--steps", "2")
    assert "1 of the 2 units of a relu are dead" in dead
    assert "A relu is 0 here, and so is its slope" in told("relu(x)", "--x", "-1", "--steps", "3")
    assert "A relu" not in told("relu(x) + x", "--x", "-1", "--steps", "3")
    assert "Settled: the gradient is 0." in told("relu(x)", "--x", "-1", "--steps", "30")


def test_the_held_out_loss_is_told_at_the_end(command: Command) -> None:
    line = ("train", "iris", "--optimizer", "adam", "--holdout", "0.2", "--brief", "--lr")
    out = " ".join(command(*line, "0.1", "--steps", "100").out.replace("│", " ").split())
    assert "Held out: the loss is 0.1753 on the 30 rows never trained on." in out
    assert "before: since then" not in out
    far = " ".join(command(*line, "2", "--steps", "300").out.replace("│", " ").split())
    best = float(re.search(r"It was ([\d.]+) before: since then", far)[1])
    rows = command(*line, "2", "--steps", "300", "--format", "jsonl").out.splitlines()
    assert best == pytest.approx(min(json.loads(row)["held_out"] for row in rows), rel=1e-3)


def test_without_wrt_the_given_values_are_trained_but_class_numbers(command: Command) -> None:
    line = ("train", "cross_entropy(Z, t)", "--Z", "[[1, 2]]", "--t", "[0]")
    out = command(*line, "--steps", "1", "--format", "jsonl").out
    assert ["Z"] == list(json.loads(out)["parameters"])


@pytest.mark.usefixtures("points")
def test_what_is_refused(fails: Fails) -> None:
    assert "there is no program to train" in fails("train")
    assert "lr must be a finite number, not nan" in fails(*LINE, "--lr", "nan")
    assert "limit must be a finite number, not inf" in fails(*LINE, "--clip-norm", "inf")
    assert "is a column of the data" in fails(*LINE, "--wrt", "x")
    assert "no value for y" in fails("train", "mse(w, y)", "--w", "0")
    assert "both say how long" in fails(*LINE, "--steps", "2", "--epochs", "2")
    assert "there is nothing to train" in fails("train", "sum(x)", "--data", "points.csv")
    assert "the result has shape (4)" in fails("train", "w*x", "--data", "points.csv", "--w", "0")
    assert "the column name is not numeric" in fails("train", "w*name", "--data", "points.csv", "--w", "0")


REACHED = {
    "linear-regression": 0.03,
    "logistic-regression": 0.02,
    "xor": 0.01,
    "iris": 0.08,
    "sine": 1e-4,
    "rosenbrock": 1e-3,
}
"""The losses that the examples' own commands get below."""


def test_every_example_with_a_training_is_trained_here() -> None:
    assert set(REACHED) == {name for name in gallery() if example(name).train}


@pytest.mark.parametrize("name", REACHED)
def test_examples_learn_by_the_command_they_show(command: Command, name: str) -> None:
    shown = command("examples", name).out.splitlines()[-1]
    words = shlex.split(shown)
    assert ["autograd-explain", "train", name] == words[:3]
    ended = command(*words[1:], "--format", "jsonl")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert 0 == ended.code
    assert rows[-1]["loss"] < REACHED[name]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_iris_is_the_table_of_the_paper(command: Command) -> None:
    rows = (gallery_folder() / "iris.csv").read_text(encoding="utf-8").split()
    numbers = np.array([row.split(",")[:5] for row in rows[1:]], dtype=float)
    assert (150, 5) == numbers.shape
    assert [50, 50, 50] == [int(np.sum(numbers[:, 4] == kind)) for kind in range(3)]
    means = [numbers[numbers[:, 4] == kind, :4].mean(axis=0).round(3).tolist() for kind in range(3)]
    assert [[5.006, 3.428, 1.462, 0.246], [5.936, 2.77, 4.26, 1.326], [6.588, 2.974, 5.552, 2.026]] == means
    last = json.loads(command("train", "iris", "--lr", "0.5", "--format", "jsonl").out.splitlines()[-1])
    weights, shift = (np.array(last["parameters"][name]) for name in "Wb")
    scores = (numbers[:, :4] - [5.84, 3.06, 3.76, 1.2]) / [0.83, 0.43, 1.76, 0.76] @ weights + shift
    assert np.mean(np.argmax(scores, axis=1) == numbers[:, 4]) > 0.95


def test_a_program_files_own_table(command: Command, fails: Fails) -> None:
    Path("sub").mkdir()
    Path("sub/points.csv").write_text(POINTS, encoding="utf-8")
    Path("sub/line.expr").write_text("# data: points.csv\n# values: w=0 b=0\nmse(w*x + b, y)\n", encoding="utf-8")
    out = command("run", "sub/line.expr", "--format", "json").out
    assert {"w": -34.85, "b": -12.0} == pytest.approx(json.loads(out)["gradients"])
    last = command("train", "sub/line.expr", "--lr", "0.05", "--format", "jsonl").out.splitlines()[-1]
    assert ["w", "b"] == list(json.loads(last)["parameters"])
    Path("other.csv").write_text("x,y\n1,1\n2,2\n", encoding="utf-8")
    assert 2 == json.loads(command("run", "sub/line.expr", "--data", "other.csv", "--format", "json").out)[
        "inputs"
    ][1]["shape"][0]
    one = command("run", "sub/line.expr", "--x", "1", "--y", "2", "--format", "json").out
    assert {"w": -4.0, "b": -4.0, "x": 0.0, "y": 4.0}.items() >= json.loads(one)["gradients"].items()
    Path("sub/points.csv").unlink()
    assert "points.csv" in fails("run", "sub/line.expr")
