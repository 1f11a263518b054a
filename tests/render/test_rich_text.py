"""An explanation printed: in colour in a terminal, plain elsewhere, and by Rich."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograd_explain import explain
from autograd_explain.render.rich_text import view_of


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "70")
    return _Terminal()


def test_in_a_terminal_print_is_in_colour_and_as_wide(terminal: _Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", terminal)
    print(explain("x*x", x=3.0))  # noqa: T201 - what is tested
    told = terminal.getvalue()
    assert "\x1b[" in told
    assert 70 == view_of(terminal).width


def test_no_color_and_dumb_terminals(terminal: _Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", terminal)
    assert "\x1b" in str(explain("x*x", x=3.0))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in str(explain("x*x", x=3.0))
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in str(explain("x*x", x=3.0))


def test_elsewhere_it_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    print(explain("x*x", x=3.0))  # noqa: T201 - what is tested
    told = capsys.readouterr().out
    assert "∂x" in told
    assert "\x1b" not in told


def test_a_console_without_our_signs_gets_ascii(terminal: _Terminal) -> None:
    terminal.encoding = "ascii"
    assert view_of(terminal).ascii


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not view_of(stream).color
    assert not view_of(None).color


def test_rich_prints_it_in_its_own_colours() -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=60, color_system="standard", legacy_windows=False).print(
        explain("x*x + [1]*0", x=[3.0])
    )
    assert "\x1b[" in out.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=60).print(explain("x*[1]", x=[3.0]))
    assert "\x1b" not in plain.getvalue()
    assert "x·[1]" in plain.getvalue()
    assert all(len(line) <= 60 for line in plain.getvalue().splitlines())
