"""What the commands do and how they end: exit codes, files, lists, and entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd_explain import pipeline
from autograd_explain.check.result import CheckResult
from autograd_explain.cli import running
from autograd_explain.cli.catalogue import entries
from autograd_explain.cli.operation import show_function

Command = Callable[..., Any]
Fails = Callable[..., str]


def test_run_shows_both_passes(command: Command) -> None:
    ended = command("run", "x*x + x", "--x", "3")
    assert (0, "") == (ended.code, ended.err)
    assert [name for name in ("FORWARD", "BACKWARD", "GRADIENTS") if name not in ended.out] == []
    assert "CHECK" not in ended.out


def test_brief_shows_gradients_only(command: Command) -> None:
    ended = command("run", "x*x + x", "--x", "3", "--brief", "--no-notes", "--plain")
    assert "FORWARD" not in ended.out
    assert "GRADIENTS" in ended.out
    assert ended.out.isascii()


def test_check_is_run_with_checks_in_brief(command: Command) -> None:
    line = ("x*x + x", "--x", "3")
    assert command("run", *line, "--check", "--brief") == command("check", *line)


def test_a_check_that_differs_ends_with_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    original = pipeline.explain_program

    def differing(*args: Any, **options: Any) -> Any:
        explanation = original(*args, **{**options, "checkers": ()})
        explanation.checks = [CheckResult("symbolic", "x", "differs", 2.0, 3.0, 1.0, 0.0)]
        return explanation

    monkeypatch.setattr(running, "explain_program", differing)
    for name in ("run", "check"):
        ended = command(name, "x*x", "--x", "1")
        assert (1, "") == (ended.code, ended.err)
        assert ended.out


def test_expected_numbers_are_checked(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "p.expr"
    file.write_text("# values: x=3\n# expect: result = 12\n# expect: x = 7.00\nx*x + x")
    ended = command("check", "p.expr")
    assert (0, "note: all 2 expected numbers hold\n") == (ended.code, ended.err)
    file.write_text("# values: x=3\n# expect: result = 12\nx*x + x")
    assert "note: the expected number holds\n" == command("check", "p.expr").err
    file.write_text("# values: x=3\n# expect: result = 12\n# expect: x = 7.01\n# expect: w = 1\nx*x + x")
    ended = command("check", "p.expr")
    assert 1 == ended.code
    assert ["expect: x = 7.01, but it is 7.0", "expect: w = 1, but there is no gradient by w"] == ended.err.splitlines()
    assert "GRADIENTS" in ended.out
    assert 0 == command("run", "p.expr").code
    ended = command("check", "p.expr", "--x", "5")
    assert (0, True) == (ended.code, "not checked" in ended.err)


def test_an_expected_error_is_checked(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "p.expr"
    file.write_text("# expect error: shapes do not fit\n[1, 2] + [1, 2, 3]")
    ended = command("check", "p.expr")
    assert (0, "the expected error: ") == (ended.code, ended.out[:20])
    assert 2 == command("run", "p.expr").code
    file.write_text("# expect error: other words\n[1, 2] + [1, 2, 3]")
    assert 1 == command("check", "p.expr").code
    file.write_text("# expect error: shapes\n# values: x=1\nx")
    ended = command("check", "p.expr")
    assert (1, "expect error: shapes, but there is none\n") == (ended.code, ended.err)


def test_a_file_is_written_whole_and_never_over_another(command: Command, fails: Fails) -> None:
    line = ("run", "x*x", "--x", "3", "-o")
    ended = command(*line, "a.json")
    assert (0, "") == (ended.code, ended.out)
    assert ended.err == f"wrote a.json ({Path('a.json').stat().st_size:,} bytes)\n"
    assert 9.0 == json.loads(Path("a.json").read_text())["value"]
    assert "a.json exists already" in fails(*line, "a.json")
    assert 0 == command(*line, "a.json", "--force", "--format", "text").code
    assert "GRADIENTS" in Path("a.json").read_text()
    assert [Path("a.json")] == list(Path().iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.bar", "the ending of a.bar says no format"),
        ("a", "says no format"),
        ("none/a.txt", "there is no folder none"),
        ("d.txt", "is a folder"),
        ("x" * 999 + ".txt", "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written(fails: Fails, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "d.txt").mkdir()
    assert message in fails("run", "x", "--x", "3", "-o", name)


def test_nothing_is_left_behind_where_writing_fails(fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(explanation: Any, view: Any, out: Any) -> None:
        out.write("{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograd_explain.render.as_json.write", full)
    assert "a.json cannot be written: No space left on device" in fails("run", "x", "--x", "3", "-o", "a.json")


def test_an_error_after_the_file_was_named_writes_nothing(fails: Fails) -> None:
    assert "shapes do not fit" in fails("run", "x + [1, 2, 3]", "--x", "[1, 2]", "-o", "a.txt")


def test_a_link_is_followed(command: Command) -> None:
    Path("real.txt").write_text("old")
    Path("link.txt").symlink_to("real.txt")
    assert 0 == command("run", "x", "--x", "3", "-o", "link.txt", "--force").code
    assert Path("link.txt").is_symlink()
    assert "GRADIENTS" in Path("real.txt").read_text()


def test_a_fault_of_our_own_ends_with_3(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        raise ZeroDivisionError("no\x1b[31m luck")

    monkeypatch.setattr(running, "explain_program", broken)
    ended = command("run", "x", "--x", "3")
    assert (3, "") == (ended.code, ended.out)
    assert 1 == len(ended.err.splitlines())
    assert "ZeroDivisionError: no\\x1b[31m luck" in ended.err
    assert "--debug" in ended.err
    assert "Traceback" in command("run", "x", "--x", "3", "--debug").err


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (MemoryError, 2), (BrokenPipeError, 0)])
def test_other_ways_of_ending(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], code: int
) -> None:
    def ends(*args: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(running, "explain_program", ends)
    monkeypatch.setattr("autograd_explain.cli.console.discard", lambda: None)
    ended = command("run", "x", "--x", "3")
    assert (code, "") == (ended.code, ended.out)
    assert "Traceback" not in ended.err


def test_text_of_the_user_never_reaches_the_terminal_as_escapes(fails: Fails) -> None:
    assert "\x1b" not in fails("run", "x + \x1b[31my", "--x", "1")
    assert "\x1b" not in fails("run", "x", "--\x1b[31m", "1")
    assert "\x1b" not in fails("\x1b[31m")
    assert "\x1b" not in fails("run", "\x1b.expr")


def test_examples_lists_each_with_its_title(command: Command) -> None:
    ended = command("examples")
    assert 0 == ended.code
    assert "chain-rule " in ended.out
    assert "slopes along a path multiply" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_an_example_is_shown_with_its_heading_and_commands(command: Command, fails: Fails) -> None:
    out = command("examples", "fan-out").out
    assert "# values: x=3\n" in out
    assert out.endswith("x*x + x\n\nautograd-explain run fan-out\nautograd-explain check fan-out\n")
    assert "did you mean fan-out?" in fails("examples", "fanout")


def test_ops_lists_every_function_once(command: Command) -> None:
    out = command("ops").out
    assert max(map(len, out.splitlines())) <= 80
    for entry in entries():
        assert f"\n  {entry.signature}" in out
    assert {"zeros", "randn", "mse", "cross_entropy", "matmul", "len"} <= {entry.name for entry in entries()}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("tanh", ["tanh(x)", "rule      d out/d x = 1 - out**2", "domain    every real number"]),
        ("sigmoid", ["also      σ", "formula   1/(1 + exp(-x))", "rule      d out/d x = out*(1 - out)"]),
        ("σ", ["sigmoid(x)"]),
        ("ln", ["log(x)", "also      ln", "domain    x > 0"]),
        (
            "relu",
            ["rule      d out/d x = where(x > 0, 1, 0)", "kink      at x = 0: from the left 0, from the right 1"],
        ),
        ("leaky_relu", ["formula   where(x > 0, x, slope*x)", "rule      d out/d x = where(x > 0, 1, slope)"]),
        ("matmul", ["rule      a gets upstream @ b.T   (for a (2,3), b (3,4))"]),
        ("**", ["x**y", "rule      d out/d x = y*x**(y - 1)", "rule      d out/d y = out*log(x)"]),
        ("acosh", ['try       autograd-explain run "acosh(x)" --x 1.5']),
        ("mse", ["formula   mean((p - t)**2)", 'try       autograd-explain run "mse(w*x, y)" --w 0.5 --x 1.5 --y 2.5']),
        ("randn", ["randn(2, 3)", 'try       autograd-explain run "randn(3)*x" --x 0.5']),
    ],
)
def test_an_entry(command: Command, name: str, lines: list[str]) -> None:
    ended = command("ops", name)
    assert (0, "") == (ended.code, ended.err)
    assert [line for line in lines if line not in ended.out] == []


def test_every_entry_has_a_rule_and_an_example_that_runs(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    for entry in entries():
        show_function(entry.name)
        shown = capsys.readouterr().out
        if entry.family not in {"constant", "loss"} and entry.name not in {"len", "grad"}:
            assert "rule  " in shown, entry.name
        words = shlex.split(shown.splitlines()[-1])[2:]
        ended = command(*words, "--brief")
        assert (0, "") == (ended.code, ended.err), words


def test_a_search(command: Command, fails: Fails) -> None:
    assert "  sigmoid(x)" in command("ops", "flat").out
    assert "did you mean sigmoid?" in fails("ops", "sigmod")
    assert "there is no function q" in fails("ops", "q")


def test_checks_stand_in_the_order_of_the_gradients(command: Command) -> None:
    checked = json.loads(command("check", "neuron", "--format", "json").out)
    names = list(checked["gradients"])
    assert ["w1", "x1", "w2", "x2", "b"] == names
    assert [("symbolic", n) for n in names] + [("finite", n) for n in names] == [
        (found["checker"], found["target"]) for found in checked["checks"]
    ]


def test_an_example_without_a_command_is_run_without_values(command: Command) -> None:
    assert command("neuron").err.endswith("hint: to explain a program: autograd-explain run neuron\n")
    assert command("neuron", "--w1", "3").err.endswith("autograd-explain run neuron --w1 3\n")


def test_the_limit_on_operations_says_where_it_was_met(command: Command) -> None:
    refused = command("run", "y = x\ny*x*x + 1", "--x", "1", "--limit", "nodes=3")
    assert "error: more than 3 operations were recorded\n  2 | y*x*x + 1\n    | ^^^^^^^^^\n" in refused.err


def test_a_result_that_is_not_finite_goes_nowhere(command: Command) -> None:
    assert "∂x   1                    the result is not a finite number" in command("run", "x + 1", "--x", "inf").out


def test_a_name_to_set_may_have_blanks_around_it(command: Command) -> None:
    assert 0 == command("run", "mode*x", "--set", "mode = 3", "--x", "2").code


WRONG = "def cube(t): return t*t*t\n@backward_of(cube)\ndef rule(upstream, out, t): return upstream*2*t**2\ncube(x)"


@pytest.mark.parametrize("options", [["--format", "svg"], ["--format", "python"], ["--format", "graph"], ["--step=1"]])
def test_a_verdict_that_the_output_does_not_tell_is_told_beside_it(command: Command, options: list[str]) -> None:
    ended = command("run", WRONG, "--x", "2", "--check", *options)
    assert 1 == ended.code
    assert "check: by x the gradient differs (symbolic)" in ended.err
    assert "check: by x" not in command("run", WRONG, "--x", "2", "--check").err
