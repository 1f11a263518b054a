"""`plot`: curves and maps in the terminal and in files, and what it refuses."""

from __future__ import annotations

import builtins
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

Command = Callable[..., Any]
Fails = Callable[..., str]
CURVE = ("plot", "abs(x) + x**2", "--over", "x=-2:2", "--x", "1")
MAP = ("plot", "x**2 - y", "--over", "x=-2:2", "--over", "y=-1:3", "--x", "1", "--y", "0")


def test_value_derivative_point_tangent_and_corner(command: Command) -> None:
    ended = command(*CURVE)
    assert (0, "") == (ended.code, ended.err)
    order = ["abs(x) + x**2", "  value", "●", "  derivative, by x", "  ● at x = 1: value 2, derivative 3",
             "    tangent (dotted): 2 + 3·(x − 1)",
             "  ◆ at x = 0 a corner: slope −1 to the left, 1 to the right, from abs(x)"]  # fmt: skip
    places = [ended.out.index(part) for part in order]
    assert sorted(places) == places
    assert max(map(cell_len, ended.out.splitlines())) <= 80
    assert ended.out == command(*CURVE).out


@pytest.mark.parametrize("columns", ["30", "50", "200"])
@pytest.mark.parametrize("words", [CURVE, MAP])
def test_every_width(words: tuple[str, ...], columns: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ended = command(*words)
    assert 0 == ended.code
    assert max(map(cell_len, ended.out.splitlines())) <= int(columns)


@pytest.mark.parametrize("words", [CURVE, MAP])
def test_plain_is_ascii(words: tuple[str, ...], command: Command) -> None:
    out = command(*words, "--plain").out
    assert out.isascii()
    assert "  O at x = 1" in out


def test_the_middle_is_the_point_unless_a_value_is_given(command: Command) -> None:
    assert "● at x = 2: value 4, derivative 4" in command("plot", "x**2", "--over", "x=0:4").out
    assert "● at x = −1.2, y = 1" in command("plot", "rosenbrock", "--over", "x=-2:2", "--over", "y=-1:3").out
    assert "outside the range" in command("plot", "x**2", "--over", "x=0:4", "--x", "9").out


def test_control_flow_may_change_along_the_range(command: Command) -> None:
    out = command("plot", "y = x*x if x < 1.3 else 3 - x\ny", "--over", "x=0:3").out
    assert "at x = 1.3 the value jumps: 1.69 to the left, 1.7 to the right, from x < 1.3" in out


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("relu(x - 0.3)", "at x = 0.3 a corner: slope 0 to the left, 1 to the right"),
        ("floor(x)", "at x = 0 the value jumps: −1 to the left, 0 to the right"),
        ("1/x", "at x = 0 the value runs off to infinity"),
        ("sqrt(abs(x))", "at x = 0 the slope runs off to infinity"),
        ("max([x, -x, 0.5])", "at x = 0.5 a corner: slope 0 to the left, 1 to the right"),
    ],
)
def test_corners_are_found_and_named(program: str, said: str, command: Command) -> None:
    assert said in command("plot", program, "--over", "x=-1:1.9").out


@pytest.mark.parametrize(
    "program", ["exp(x)", "sin(3*x)", "x**3", "sigmoid(20*x)", "2*x + 1", "7 + 0*x", "log(x + 1.5)"]
)
def test_smooth_curves_have_no_corners(program: str, command: Command) -> None:
    assert "◆" not in command("plot", program, "--over", "x=-1:2").out


def test_where_there_is_no_number_there_is_a_gap(command: Command) -> None:
    out = command("plot", "log(x)", "--over", "x=-1:1").out
    rows = [line.partition("|")[2] for line in out.splitlines() if "|" in line]
    assert all(not row[: len(row) // 3].strip("⠄ ") or len(row) < 20 for row in rows[:5])
    assert "nan" not in out.partition("derivative, by")[0]
    nowhere = command("plot", "sqrt(-1 - x**2)", "--over", "x=-1:1")
    assert (0, 2) == (nowhere.code, nowhere.out.count("nowhere in this range a finite number"))


def test_an_entry_of_an_array_and_a_sum(command: Command) -> None:
    out = command("plot", "x*x", "--over", "x[1]=-2:2", "--x", "[3, 1]").out
    assert "the sum of its 2 entries" in out
    assert "● at x[1] = 1: value 10, derivative 2" in out


def test_a_map_has_the_gradient_at_the_point(command: Command) -> None:
    out = command(*MAP).out
    assert "● at x = 1, y = 0: value 1" in out
    assert "gradient: ∂x = 2, ∂y = −1" in out
    assert "→" in out
    assert "no steepest way" in command("plot", "0*x + 0*y", "--over", "x=0:1", "--over", "y=0:1").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "needs a range"),
        (("--over", "x"), "takes NAME=LOW:HIGH"),
        (("--over", "x=1:2:3"), "takes NAME=LOW:HIGH"),
        (("--over", "x=:2"), "takes NAME=LOW:HIGH"),
        (("--over", "x=2:1"), "--over x=1:2"),
        (("--over", "x=2:2"), "is empty"),
        (("--over", "x=1:1/0"), "finite numbers"),
        (("--over", "x=[1,2]:3"), "finite numbers"),
        (("--over", "z=1:2"), "there is no such name"),
        (("--over", "x[a]=1:2", "--x", "[1, 2]"), "takes"),
        (("--over", "x[0]=1:2"), "has no value"),
        (("--over", "x[0]=1:2", "--x", "1"), "has no entries"),
        (("--over", "x[0,0]=1:2", "--x", "[1, 2]"), '--over "x[0]=1:2"'),
        (("--over", "x=1:2", "--x", "[1, 2]"), '--over "x[0]=1:2"'),
        (("--over", "x=1:2", "--over", "x=3:4"), "two ranges"),
        (("--over", "x=1:2", "--over", "y=3:4", "--over", "z=0:1"), "too many"),
        (("--over", "x=1:2", "-o", "a.pdf"), ".svg, .png, .txt"),
        (("--over", "x=1:2", "-o", "missing/a.txt"), "there is no folder"),
        (("--over", "x=1:2", "--y", "1"), "y"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str, fails: Fails) -> None:
    assert said in fails("plot", "x*x", *words)


def test_a_computed_name_cannot_be_moved(fails: Fails) -> None:
    assert "the program computes y" in fails("plot", "y = x*x; y", "--over", "y=1:2")
    assert "--w ..." in fails("plot", "x*w", "--over", "x=1:2").replace("…", "...")


def test_a_text_file(command: Command, tmp_path: Path) -> None:
    ended = command(*CURVE, "-o", "p.txt")
    text = (tmp_path / "p.txt").read_text("utf-8")
    assert ("", f"wrote p.txt ({len(text.encode()):,} bytes)\n") == (ended.out, ended.err)
    assert "◆ at x = 0 a corner" in text
    assert 2 == command(*CURVE, "-o", "p.txt").code
    assert 0 == command(*CURVE, "-o", "p.txt", "--force").code


@pytest.mark.parametrize("words", [CURVE, MAP], ids=["curve", "map"])
def test_a_picture(words: tuple[str, ...], command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        assert 0 == command(*words, "-o", path.name).code
    text = first.read_text("utf-8")
    assert text == second.read_text("utf-8")
    assert {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"} == set(re.findall(r'https?://[^"<\s]*', text))
    assert "<script" not in text
    ET.fromstring(text)  # noqa: S314 - our own
    assert 0 == command(*words, "-o", "a.png").code
    assert b"\x89PNG" == (tmp_path / "a.png").read_bytes()[:4]


def test_a_title_is_text_in_a_picture(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "p.expr").write_text("# title: </svg> $x_{$ & ]]>\nx*x\n", encoding="utf-8")
    assert 0 == command("plot", "p.expr", "--over", "x=-1:1", "-o", "a.svg").code
    found = ET.fromstring((tmp_path / "a.svg").read_text("utf-8"))  # noqa: S314 - our own
    assert any("</svg> $x_{$ & ]]>" in (element.text or "") for element in found.iter())


def test_without_matplotlib_the_message_says_what_to_install(
    fails: Fails, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert 'pip install "autograd-explain[plot]"' in fails(*CURVE, "-o", "a.svg")
    assert 0 == command(*CURVE).code
