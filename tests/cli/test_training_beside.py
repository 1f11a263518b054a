"""`train --fault keep-gradients`, `--compare`, maps of the loss, pictures, progress, and the data's schema."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from autograd_explain.app.pages import step_page
from autograd_explain.cli import progress
from autograd_explain.cli.progress import Progress, duration, line_of
from autograd_explain.cli.training_beside import compared_plans
from autograd_explain.core.shapes import as_value
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.frames import Frames, Stops
from autograd_explain.explanation.trail import landscape, trail_from
from autograd_explain.explanation.training import Learned
from autograd_explain.modes.functions import recorder_of
from autograd_explain.render.theme import View
from autograd_explain.train.beside import keeping_gradients
from autograd_explain.train.loop import Plan, Stop, beginning, steps
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose
from tests.render.printed import equations, is_true

Command = Callable[..., Any]
Fails = Callable[..., str]
SCHEMA = json.loads(files("autograd_explain").joinpath("train-schema.json").read_text("utf-8"))
PARABOLA = ("train", "(x - 3)**2", "--x", "0", "--lr", "0.1")
KEPT = ("--fault", "keep-gradients")
WIDTH = 80


def flat(text: str) -> str:
    """The text on one line, without the bars of notes."""
    return " ".join(text.replace("│", " ").split())


def plan_of(optimizer: str, rate: float = 0.1) -> Plan:
    return Plan(recorder_of(lambda x: (x - 3) ** 2, {"x"}), choose(optimizer, OPTIMIZERS, "optimizer", lr=rate))


def test_kept_gradients_are_the_sums_of_all_so_far() -> None:
    plan = plan_of("sgd")
    pairs = list(keeping_gradients(plan, beginning(plan, {"x": 0.0}), Stop(6)))
    total = 0.0
    for pair in pairs:
        assert pair.left["x"] == total
        total += 2 * (pair.kept.before.parameters["x"] - 3)
        assert total == pytest.approx(pair.kept.gradients["x"], rel=1e-14)
        assert pair.kept.gradients["x"] == pair.left["x"] + pair.fresh["x"]
    right = [taken.loss for taken in steps(plan, beginning(plan, {"x": 0.0}), Stop(6))]
    assert right == [pair.right.loss for pair in pairs]


def test_kept_gradients_are_momentum_one() -> None:
    plan, other = plan_of("sgd"), plan_of("sgd(momentum=1)")
    kept = [pair.kept.parameters["x"] for pair in keeping_gradients(plan, beginning(plan, {"x": 0.0}), Stop(30))]
    same = [taken.parameters["x"] for taken in steps(other, beginning(other, {"x": 0.0}), Stop(30))]
    assert same == pytest.approx(kept, rel=1e-12)


def test_a_kept_run_that_ends_in_nan_stays_there_while_the_right_one_goes_on() -> None:
    record = recorder_of(lambda x: (x - 3) ** 2 + (x - 3) ** 4, {"x"})
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=0.025))
    pairs = list(keeping_gradients(plan, beginning(plan, {"x": -1.0}), Stop(200)))
    assert 200 == len(pairs)
    assert pairs[-1].right.loss < 1e-3
    assert pairs[-1].kept.number < 20
    assert pairs[-2].kept is pairs[-1].kept


def test_the_fault_beside_the_right_training(command: Command) -> None:
    ended = command(*PARABOLA, "--steps", "20", *KEPT)
    assert (0, "") == (ended.code, ended.err)
    order = ["TRAINING", "FAULT", "PARTING", "BOTH", "LOSS", "DAMAGE"]
    places = [ended.out.index(f"  {part} ") for part in order]
    assert sorted(places) == places
    assert "∂x = −6 − 4.8 = −10.8" in ended.out
    assert "= 0.6 − 0.1·(−4.8) = 1.08" in ended.out
    assert "= 0.6 − 0.1·(−10.8) = 1.68" in ended.out
    assert "step 2 is the first to differ" in ended.out
    assert "zero_grad" in ended.out
    assert "sgd(momentum=1)" in ended.out
    assert max(map(cell_len, ended.out.splitlines())) <= WIDTH
    table = ended.out.split("  BOTH ")[1].split("  LOSS ")[0].splitlines()
    first = next(line.split() for line in table if line.split()[:1] == ["1"])
    kept = next(line.split() for line in table if line.split()[:1] == ["kept"])
    assert first[1:] == kept[1:]


def test_arrays_optimizers_and_plain_beside_a_fault(command: Command) -> None:
    for optimizer in ("adam", "sgd(momentum=0.9)"):
        ended = command("train", "xor", "--optimizer", optimizer, "--lr", "0.1", "--steps", "30", *KEPT, "--plain")
        assert (0, True) == (ended.code, ended.out.isascii())
        assert max(map(len, ended.out.splitlines())) <= WIDTH
        assert "momentum=1" not in ended.out
        assert re.search(r"dW\[\d, \d\] = ", ended.out)


def test_no_damage_and_why(command: Command) -> None:
    one = flat(command(*PARABOLA, "--steps", "1", *KEPT).out)
    assert "No visible damage here, because there is one backward pass alone" in one
    none = flat(command("train", "x**2", "--x", "0", "--steps", "5", *KEPT).out)
    assert "No visible damage here, because what is left over from the steps before is 0" in none
    assert "PARTING" not in none


def test_optimizers_side_by_side(command: Command) -> None:
    ended = command("train", "rosenbrock", "--compare", "sgd(lr=0.001),adam(lr=0.05)", "--steps", "60")
    assert (0, "") == (ended.code, ended.err)
    assert max(map(cell_len, ended.out.splitlines())) <= WIDTH
    heads = [line for line in ended.out.splitlines() if line.split()[:1] == ["step"]]
    assert ["step", "●", "sgd", "○", "adam(lr=0.05)"] == heads[0].split()
    single = command("train", "rosenbrock", "--optimizer", "adam", "--lr", "0.05", "--steps", "60", "--brief").out
    row = next(line.split() for line in single.splitlines() if line.split()[:1] == ["50"])
    beside = next(line.split() for line in ended.out.splitlines() if line.split()[:1] == ["50"])
    assert row[1] == beside[2]
    assert "Lowest: " in ended.out
    for part in ("  LOSS ", "  MAP ", "  OUTCOME "):
        assert part in ended.out


def test_each_compared_training_is_what_it_is_alone(command: Command) -> None:
    line = ("train", "rosenbrock", "--steps", "20", "--format", "jsonl", "--lr", "0.01")
    rows = [json.loads(text) for text in command(*line, "--compare", "adam,rmsprop,nadam(lr=0.1)").out.splitlines()]
    assert 60 == len(rows)
    for name, label in (("adam", "adam(lr=0.01)"), ("rmsprop", "rmsprop")):
        alone = [json.loads(text) for text in command(*line, "--optimizer", name).out.splitlines()]
        own = [row for row in rows if row["optimizer"] == label]
        assert [{"optimizer": label, **row} for row in alone] == own
    assert 0.1 == next(row for row in rows if row["optimizer"] == "nadam(lr=0.1)")["learning_rate"]


@pytest.mark.parametrize("program", ["xor", "iris"])
def test_trainings_of_arrays_do_not_touch_each_other(command: Command, program: str) -> None:
    line = ("train", program, "--steps", "12", "--format", "jsonl", "--lr", "0.05")
    alone = [json.loads(text) for text in command(*line).out.splitlines()]
    beside = [json.loads(text) for text in command(*line, *KEPT).out.splitlines()]
    assert alone == [{key: value for key, value in row.items() if key != "kept"} for row in beside]
    rows = [json.loads(text) for text in command(*line, "--compare", "adam,sgd").out.splitlines()]
    own = [row for row in rows if row["optimizer"].startswith("sgd")]
    assert alone == [{key: value for key, value in row.items() if key != "optimizer"} for row in own]
    name = next(iter(alone[0]["gradients"]))
    total = np.zeros_like(alone[0]["gradients"][name])
    for row, before in zip(beside, [None, *beside], strict=False):
        earlier = total if before is None else np.array(before["kept"]["gradients"][name])
        fresh = np.array(row["kept"]["gradients"][name]) - earlier
        if row["step"] <= 2:  # both stand at the same place still
            np.testing.assert_allclose(fresh, row["gradients"][name], atol=1e-14)


def test_a_comparison_goes_on_until_all_have_stopped(command: Command) -> None:
    line = ("train", "x**2", "--x", "1", "--compare", "sgd(lr=0.4),sgd(lr=0.01)", "--until", "loss<1e-3")
    rows = [json.loads(text) for text in command(*line, "--steps", "500", "--format", "jsonl").out.splitlines()]
    ends = {row["optimizer"]: row["step"] for row in rows}
    assert ends["sgd(lr=0.4)"] < ends["sgd(lr=0.01)"] < 500
    text = command(*line, "--steps", "500").out
    assert "as --until asked" in flat(text)


def test_what_cannot_be_compared(fails: Fails) -> None:
    base = ("train", "x*x", "--x", "1")
    assert "two optimizers or more" in fails(*base, "--compare", "sgd")
    assert "two optimizers or more" in fails(*base, "--compare", "sgd,")
    assert "there is no optimizer foo" in fails(*base, "--compare", "sgd,foo")
    assert "names sgd twice" in fails(*base, "--compare", "sgd,sgd")
    assert "draws at most 6" in fails(*base, "--compare", ",".join(f"sgd(lr={n})" for n in range(1, 8)))
    assert "--optimizer cannot be given" in fails(*base, "--compare", "sgd,adam", "--optimizer", "adam")
    for lesson in (("--compare", "sgd,adam"), KEPT):
        assert "does not go with --save" in fails(*base, *lesson, "--save", "a.json")
        assert "does not go with --resume" in fails("train", *lesson, "--resume", "a.json")
        assert "does not go with --explain" in fails(*base, *lesson, "--explain", "2")
    assert "give one of them" in fails(*base, "--compare", "sgd,adam", *KEPT)
    assert "lies within a backward pass" in fails(*base, "--fault", "overwrite")
    assert "did you mean keep-gradients?" in fails(*base, "--fault", "keep-gradient")
    assert 'train "(x - 3)**2"' in fails("run", "x*x", "--x", "1", *KEPT)


def test_settings_in_parentheses_keep_their_commas() -> None:
    plans = compared_plans(plan_of("sgd"), "sgd(lr=0.5, momentum=0.9), adam", 0.2)
    assert [0.5, 0.2] == [plan.optimizer.settings["lr"] for plan in plans.values()]
    assert [0.9, None] == [plan.optimizer.settings.get("momentum") for plan in plans.values()]


def test_the_map_shows_the_path_of_two_numbers(command: Command) -> None:
    out = command("train", "(x - 2)**2 + 4*(y + 1)**2", "--x", "0", "--y", "0", "--lr", "0.05", "--brief").out
    drawn = out.split("  MAP ")[1].split("PARAMETERS")[0]
    rows = [line.split("|", 1)[1] for line in drawn.splitlines() if "|" in line]
    start = next((i, row.index("S")) for i, row in enumerate(rows) if "S" in row)
    marks = [(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell == "●"]
    assert max(i for i, _ in marks) > start[0]  # y falls from 0 to −1
    assert max(j for _, j in marks) > start[1]  # x rises from 0 to 2
    assert "  MAP " not in command("train", "x**2", "--x", "1").out
    assert "  MAP " not in command("train", "sum(w**2)", "--w", "[1, 2]").out
    assert "  MAP " not in command("train", "x**2 + y**2", "--x", "0", "--y", "0").out
    assert command("train", "x**2 + y**2", "--x", "1", "--y", "2", "--plain").out.isascii()


def test_the_map_is_of_the_loss_itself() -> None:
    record = recorder_of(lambda x, y: (x - 2) ** 2 + 4 * y**2, {"x", "y"})
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=0.1))
    state = beginning(plan, {"x": as_value(0.0), "y": as_value(1.0)})
    trail = trail_from(state)
    for taken in steps(plan, state, Stop(10)):
        trail.add(taken)
    plane = landscape(plan, [trail], (7, 5))
    assert plane is not None
    for sample in (each for row in plane.rows for each in row):
        x, y = sample.at
        assert (x - 2) ** 2 + 4 * y**2 == pytest.approx(sample.value)
    assert all(plane.overs[0].within(x) and plane.overs[1].within(y) for x, y in trail.points)
    assert 11 == len(trail.points)
    assert landscape(plan, [trail], (7, 5), most=100) is None  # a map that would take long is left out


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_pictures(command: Command, kind: str) -> None:
    pytest.importorskip("matplotlib")
    lines = {
        "one": ("train", "xor", "--lr", "0.1", "--steps", "5"),
        "map": ("train", "rosenbrock", "--lr", "0.001", "--steps", "5"),
        "two": ("train", "rosenbrock", "--compare", "sgd,adam", "--steps", "5"),
        "kept": (*PARABOLA, "--steps", "5", *KEPT),
    }
    for name, line in lines.items():
        ended = command(*line, "-o", f"{name}.{kind}")
        assert (0, "") == (ended.code, ended.out)
        assert f"wrote {name}.{kind}" in ended.err
        data = Path(f"{name}.{kind}").read_bytes()
        assert data.startswith(b"\x89PNG" if kind == "png" else b"<?xml")
        command(*line, "-o", f"again.{kind}", "--force")
        assert data == Path(f"again.{kind}").read_bytes()
    if kind == "svg":
        assert "adam" in Path("two.svg").read_text()
        assert "keep-gradients" in Path("kept.svg").read_text()


def test_files_of_text_and_data(command: Command, fails: Fails) -> None:
    assert "" == command(*PARABOLA, "--steps", "5", "-o", "run.txt").out
    assert command(*PARABOLA, "--steps", "5").out == Path("run.txt").read_text(encoding="utf-8")
    command(*PARABOLA, "--steps", "5", "-o", "run.jsonl")
    assert 5 == len(Path("run.jsonl").read_text().splitlines())
    assert "exists already" in fails(*PARABOLA, "-o", "run.txt")
    assert "a training cannot be written to run.foo" in fails(*PARABOLA, "-o", "run.foo")
    assert "there is no folder none" in fails(*PARABOLA, "-o", "none/run.txt")
    assert "not for the terminal" in fails(*PARABOLA, "--format", "png")
    assert "no name of a file" in fails(*PARABOLA, "-o", "")


def test_data_fits_its_schema(command: Command) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    lines = {
        "step": ("train", "xor", "--lr", "0.1", "--steps", "3"),
        "compared_step": ("train", "rosenbrock", "--compare", "sgd,adam", "--steps", "3"),
        "step_with_fault": (*PARABOLA, "--steps", "3", *KEPT),
    }
    held = ("train", "iris", "--steps", "3", "--holdout", "0.2")
    broken = ("train", "log(x)", "--x", "0.1", "--lr", "1")
    for kind, line in [*lines.items(), ("step", held), ("step", broken), ("step_with_fault", (*broken, *KEPT))]:
        own = jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{kind}"}]})
        for text in command(*line, "--format", "jsonl").out.splitlines():
            assert [] == list(own.iter_errors(json.loads(text)))
            damaged = {**json.loads(text), "extra": 1}
            assert not validator.is_valid(damaged)
    more = ("--schedule", "cosine", "--clip-norm", "1", "--batch", "40", "--optimizer", "adam(amsgrad=True)")
    command(*held, *more, "--save", "run.json")
    saved = json.loads(Path("run.json").read_text())
    assert [] == list(validator.iter_errors(saved))
    for key in saved:
        assert not validator.is_valid({name: value for name, value in saved.items() if name != key})


def test_every_part_of_the_schema_is_used() -> None:
    used = set(re.findall(r"#/\$defs/(\w+)", json.dumps(SCHEMA)))
    assert used == set(SCHEMA["$defs"])


def test_a_page_of_a_step_with_its_update_and_all_steps(command: Command, fails: Fails) -> None:
    line = ("train", "xor", "--optimizer", "adam", "--lr", "0.1", "--steps", "20")
    ended = command(*line, "--explain", "3", "-o", "page.html")
    assert (0, "") == (ended.code, ended.out)
    page = Path("page.html").read_text(encoding="utf-8")
    assert len(page) < 80_000
    assert ["3", "1", "2", "5", "10", "20"] == re.findall(r"<article id=update-(\d+)>", page)
    text = html.unescape(re.sub(r"<[^>]*>", "", page.split("<h2 class=phase>Updates")[1].split("<footer>")[0]))
    for part in ("Update at step 3", "loss 0.714331", "STEPS ", "LOSS ", "PARAMETERS "):
        assert part in text
    assert [] == [pair for pair in equations(text.split("STEPS ")[0]) if not is_true(*pair)]
    assert len(list(equations(text.split("STEPS ")[0]))) >= 6 * 8
    assert "Step 3 of 20 of a training by adam, in full" in page
    assert "Update at step" not in command("run", "xor", "--format", "html").out
    assert "Update at step 1<" in command(*line, "--format", "html").out
    assert "one step in full, not 2" in fails(*line, "--explain", "2", "--explain", "3", "-o", "two.html")


def test_a_step_without_a_terminal_is_printed(command: Command, fails: Fails) -> None:
    ended = command(*PARABOLA, "--step", "--explain", "2")
    assert (0, True) == (ended.code, "is not a terminal, so the step is printed" in ended.err)
    assert "= 0.6 − 0.1·(−4.8) = 1.08" in ended.out
    assert "  STEPS " not in ended.out
    assert "That is why a step goes against the gradient" in flat(command(*PARABOLA, "--step").out)
    assert "does not go with -o" in fails(*PARABOLA, "--step", "-o", "a.html")
    assert "does not go with --compare" in fails(*PARABOLA, "--step", "--compare", "sgd,adam")


def test_the_full_screen_ends_with_the_update(command: Command) -> None:
    record = recorder_of(lambda x: (x - 3) ** 2, {"x"})
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=0.1))
    taken = next(steps(plan, beginning(plan, {"x": 0.0}), Stop(1)))
    run = Explanation(taken.recording, taken.sweep)
    run.learned = Learned(plan, taken, ())
    frames = Frames(run)
    page = step_page(frames, Stops(frames), frames[len(frames) - 1], View())
    text = "\n".join(page.line(number).plain for number in range(page.height))
    assert "x ← x − lr·∂x" in text
    assert "= 0 − 0.1·(−6) = 0.6" in text


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def test_progress_is_one_line_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    now = iter([0.0, 0.2, 1.0, 1.01, 2.0])
    told = Progress(1000, done=100, clock=lambda: next(now))
    for done in (120, 200, 201, 300):
        told.step(done, "loss 0.5")
    told.clear()
    told.clear()
    assert "\rstep 200 of 1,000   100 steps/s   8 s left   loss 0.5\x1b[K" in screen.getvalue()
    assert 2 == screen.getvalue().count("step ")
    assert screen.getvalue().endswith("\r\x1b[K")
    assert 3 == screen.getvalue().count("\x1b[K")
    assert "\n" not in screen.getvalue()


def test_no_progress_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr", Terminal())
    assert not progress.is_live()
    monkeypatch.setenv("TERM", "xterm")
    assert progress.is_live()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert not progress.is_live()


def test_durations() -> None:
    assert ["0 s", "59 s", "3 min 20 s", "2 h 5 min"] == [duration(s) for s in (-1, 59.4, 200, 7500)]
    assert "…" in line_of(0, 10, 0.0, "")
    assert "2.5 steps/s" in line_of(5, 10, 2.5, "")
