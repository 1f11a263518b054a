"""Pictures on the command line: formats by name and by ending, wrong names, files written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", "<?xml"), ("dot", "digraph {"), ("mmd", "flowchart TD")]
)  # fmt: skip
def test_an_ending_says_the_format(command: Command, tmp_path: Path, ending: str, start: str) -> None:
    ended = command("run", "x*x + x", "--x", "3", "-o", f"g.{ending}")
    assert (0, "") == (ended.code, ended.out)
    assert (tmp_path / f"g.{ending}").read_text("utf-8").startswith(start)
    assert f"wrote g.{ending}" in ended.err


@pytest.mark.parametrize("name", ["graph", "svg", "dot", "mermaid"])
def test_a_format_by_name_goes_to_standard_output(command: Command, name: str) -> None:
    ended = command("run", "x*x + x", "--x", "3", "--format", name)
    assert (0, "") == (ended.code, ended.err)
    assert "v1 = x·x" in ended.out.replace("\u00a0", " ")


def test_the_plain_graph_is_ascii(command: Command) -> None:
    ended = command("run", "micrograd", "--format", "graph", "--plain")
    assert ended.code == 0
    assert ended.out.isascii()


def test_folding_by_name(command: Command) -> None:
    whole = command("run", "two-layers", "--format", "mermaid").out
    folded = command("run", "two-layers", "--format", "mermaid", "--fold=layer").out
    assert 2 == folded.count("[[") - whole.count("[[")
    assert command("run", "two-layers", "--format", "mermaid", "--fold").out.count("[[") > folded.count("[[")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--fold=layr",), "no call or loop named layr", "did you mean layer?"),
        (("--labels", "valeu"), "no label 'valeu'", "did you mean value?"),
    ],
)
@pytest.mark.parametrize("ending", ["svg", "dot", "mmd"])
def test_wrong_names_write_nothing(
    command: Command, tmp_path: Path, words: tuple[str, ...], message: str, hint: str, ending: str
) -> None:
    ended = command("run", "two-layers", *words, "-o", f"g.{ending}")
    assert (2, "") == (ended.code, ended.out)
    assert message in ended.err
    assert hint in ended.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("--fault", "overwrite"), ("--paths",)])
@pytest.mark.parametrize("name", ["graph", "svg", "dot", "mermaid"])
def test_what_a_picture_does_not_show_is_refused(command: Command, words: tuple[str, ...], name: str) -> None:
    ended = command("run", "fan-out", *words, "--format", name)
    assert (2, "") == (ended.code, ended.out)
    assert f"{words[0]} is told in text" in ended.err
