"""`--ops FILE.py`: operations from a file, on every command that takes a program; and `ops NAME --check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd_explain.core import registry

CUBE = """\
from autograd_explain import Op, define

define(Op(
    "cube", ("x",),
    forward=lambda x: x**3,
    partials=(lambda out, x: RULE,),
    symbolic=lambda sp, x: x**3,
    note="The third power.",
    example="cube(x)",
))
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cube.py"
    path.write_text(CUBE.replace("RULE", "3*x**2"), "utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("run", "cube(x)", "--x", "2"), "3·x² = 3·2² = 12"),
        (("run", "cube(x)", "--x", "2", "--format", "json"), '"op":"cube"'),
        (("run", "cube(x)", "--x", "2", "--format", "latex"), "mathrm{cube}"),
        (("step", "cube(x)", "--x", "2", "--step=1"), "cube(x)"),
        (("check", "cube(x)", "--x", "2"), "agree to"),
        (("train", "cube(x)", "--x", "2", "--steps", "2", "--lr", "0.01", "--brief"), "PARAMETERS"),
        (("plot", "cube(x)", "--over", "x=-1:1"), "derivative"),
        (("quiz", "cube(x)", "--x", "2", "--worksheet", "sheet.md"), ""),
        (("ops", "cube"), "The third power."),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_every_command_takes_operations_from_a_file(command: Any, words: tuple[str, ...], shown: str) -> None:
    ended = command(*words, "--ops", "cube.py")
    assert (0, "") == (ended.code, ended.err if words[0] != "quiz" else "")
    assert shown in ended.out.replace('": "', '":"')


def test_what_one_command_defines_is_not_there_for_the_next(command: Any) -> None:
    assert 0 == command("run", "cube(x)", "--x", "2", "--ops", "cube.py").code
    assert set() == registry.OWN
    assert "unknown function 'cube'" in command("run", "cube(x)", "--x", "2").err
    assert 0 == command("run", "cube(x)", "--x", "2", "--ops", "cube.py").code


def test_what_the_file_prints_does_not_mix_with_the_results(command: Any, file: Path) -> None:
    file.write_text(file.read_text("utf-8") + 'print("hello")\n', "utf-8")
    ended = command("run", "cube(x)", "--x", "2", "--ops", "cube.py")
    assert ("hello\n", False) == (ended.err, "hello" in ended.out)


def test_the_file_finds_what_lies_beside_it(command: Any, tmp_path: Path, file: Path) -> None:
    (tmp_path / "beside_it.py").write_text("POWER = 3\n", "utf-8")
    text = file.read_text("utf-8").replace("x**3", "x**POWER")
    file.write_text("from beside_it import POWER\n" + text, "utf-8")
    assert 0 == command("run", "cube(x)", "--x", "2", "--ops", "cube.py").code


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("x = 1\nfoo(x)\n", "cube.py, line 2: NameError: name 'foo' is not defined\n"),
        ("x = (\n", "cube.py, line 1: SyntaxError: '(' was never closed\n"),
        ("import sys\nsys.exit(3)\n", "cube.py, line 2: SystemExit: 3\n"),
        ("x = 1\n", "cube.py defines no operation\n"),
        (
            "from autograd_explain import Op, define\ndefine(Op('sin'))\n",
            "cube.py, line 2: the name 'sin' is taken: autograd-explain ops sin\n",
        ),
        (
            "from autograd_explain import Op, define\n\ndefine(Op('cube', ('x',)))\n",
            "cube.py, line 3: cube has no forward: the function that gives its value, on arrays\n",
        ),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(
    fails: Callable[..., str], file: Path, text: str, report: str
) -> None:
    file.write_text(text, "utf-8")
    assert f"error: {report}" == fails("run", "x", "--x", "2", "--ops", "cube.py").split("hint:")[0]
    assert set() == registry.OWN


@pytest.mark.parametrize(
    ("path", "report"),
    [
        ("missing.py", "there is no file missing.py"),
        ("cube.txt", "--ops takes a file of Python, not cube.txt"),
        (".", "--ops takes a file of Python, not ."),
    ],
)
def test_what_is_no_file_of_operations(fails: Callable[..., str], path: str, report: str) -> None:
    assert report in fails("run", "x", "--x", "2", "--ops", path)


def test_a_right_row_keeps_the_laws(command: Any) -> None:
    ended = command("ops", "cube", "--ops", "cube.py", "--check")
    assert (0, "") == (ended.code, ended.err)
    assert ended.out.endswith("cube keeps every law that was tried.\n")


def test_a_wrong_row_breaks_them_and_the_factor_is_named(command: Any, file: Path) -> None:
    file.write_text(CUBE.replace("RULE", "6*x**2").replace('note="The third power.",', ""), "utf-8")
    ended = command("ops", "cube", "--ops", "cube.py", "--check")
    assert 1 == ended.code
    told = " ".join(ended.out.split())
    assert "at -2.3 by x: 15.87 is right, the row gives 31.74" in told
    assert "Wrong by a factor: the derivative by x is 2 times what is right." in told
    assert "a note (what to know about it, in a sentence) is missing" in told
    assert told.endswith("cube breaks 3 laws: slope, reverse, described.")


def test_without_a_symbolic_form_it_says_what_was_not_tried(command: Any, file: Path) -> None:
    file.write_text(CUBE.replace("RULE", "3*x**2").replace("symbolic=lambda sp, x: x**3,", ""), "utf-8")
    ended = command("ops", "cube", "--ops", "cube.py", "--check")
    assert 0 == ended.code
    assert "value, slope: the row has no symbolic form" in ended.out


def test_the_package_s_own_rows_can_be_checked_too(command: Any, fails: Callable[..., str]) -> None:
    assert "sigmoid keeps every law" in command("ops", "sigmoid", "--check").out
    assert "did you mean sigmoid?" in fails("ops", "sigmod", "--check")
    assert "mse is no operation with a rule of its own" in fails("ops", "mse", "--check")
    assert "needs the name of an operation" in fails("ops", "--check")


PROGRAM = """\
def cube(t): return t*t*t
@backward_of(cube)
def cube_backward(upstream, out, t): return RULE
cube(x)
"""


@pytest.mark.parametrize(
    ("rule", "code", "told"),
    [
        ("upstream * 3*t**2", 0, ""),
        ("upstream * 6*t**2", 1, "the rule of cube is wrong by a factor: t gets 2 times what is right\n"),
        (
            "2 + upstream * 3*t**2",
            1,
            "the rule of cube must multiply its upstream: at 2 by t, upstream 0: 0 is right, the row gives 2\n",
        ),
        ("upstream * 3*detach(t)**2", 0, "note: the rule of cube cannot be differentiated again: at 2.033"),
        ("(upstream, upstream)", 2, "error: cube_backward returned 2 gradients, cube has 1 argument\n"),
        ("[upstream, upstream]", 2, "error: cube_backward returned shape (2) for t, which has ()\n"),
    ],
)
def test_a_program_s_own_rule_gets_the_same_laws(command: Any, rule: str, code: int, told: str) -> None:
    Path("own.expr").write_text(PROGRAM.replace("RULE", rule), "utf-8")
    ended = command("check", "own.expr", "--x", "2")
    assert code == ended.code
    assert ended.err.startswith(told) if told else not ended.err


def test_a_symbolic_form_with_a_slip_is_told_and_one_without_numbers_is_not_called_right(
    command: Any, fails: Callable[..., str], file: Path
) -> None:
    file.write_text(CUBE.replace("RULE", "3*x**2").replace("sp, x: x**3", "sp, x: y**3"), "utf-8")
    told = "the symbolic form of cube failed (cube.py, line 7): NameError: name 'y' is not defined"
    assert told in fails("check", "cube(x)", "--x", "2", "--ops", "cube.py")
    file.write_text(CUBE.replace("RULE", "3*x**2").replace("sp, x: x**3", "sp, x: sp.besselj(0, x)"), "utf-8")
    shown = command("ops", "cube", "--check", "--ops", "cube.py").out
    assert "value, slope: the symbolic form gives no numbers" in shown


def test_a_forward_that_fails_is_all_that_is_said(command: Any, file: Path) -> None:
    text = CUBE.replace("RULE", "3*x**2").replace("forward=lambda x: x**3", "forward=lambda x: {}[0]")
    file.write_text(text, "utf-8")
    ended = command("ops", "cube", "--check", "--ops", "cube.py")
    assert 1 == ended.code
    assert "cube breaks 1 law: rules." in ended.out
