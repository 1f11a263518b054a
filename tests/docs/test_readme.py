"""The README is run: every command with what it shows, every Python block, and the claims about set-up."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from autograd_explain.cli.main import execute
from tests.docs.documents import BLOCK, matches

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FILE = re.compile(r"`(\w+\.(?:expr|txt))`:\n\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETUP = [line for line in README.splitlines() if line.startswith("python3 -m venv")]


def commands() -> list[tuple[str, str]]:
    """Each command of the console blocks with the output shown for it."""
    found = []
    for language, body in BLOCK.findall(README):
        if language == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                found.append((command, output))
    return found


def test_elision() -> None:
    assert matches("a\n…\nc\n", "a\nb\nb\nc\n")
    assert matches("…\nc\n", "c\n")
    assert not matches("a\nc\n", "a\nb\nc\n")
    assert not matches("a\n…\nc\n", "a\nb\nd\n")


@pytest.mark.parametrize(("command", "output"), commands(), ids=[command for command, _ in commands()])
def test_commands_print_what_is_shown(
    command: str, output: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(README):
        (tmp_path / name).write_text(text, encoding="utf-8")
    program, *arguments = shlex.split(command)
    assert "autograd-explain" == program
    code = execute(arguments)
    captured = capsys.readouterr()
    assert matches(output, captured.out + captured.err), captured.out + captured.err
    assert code == (2 if output.startswith("error") else 0)


def test_there_are_commands_to_run() -> None:
    assert len(commands()) >= 6


def test_python_blocks_give_what_is_shown() -> None:
    text = "\n".join(body for language, body in BLOCK.findall(README) if language == "python")
    test = doctest.DocTestParser().get_doctest(text, {}, "README", "README.md", 0)
    outcome = doctest.DocTestRunner(verbose=False).run(test)
    assert 0 == outcome.failed
    assert outcome.attempted >= 8


def test_there_are_two_set_up_commands_one_to_run_one_to_test() -> None:
    first, second = SETUP
    assert first.endswith('run "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1 --check')
    assert second.endswith(".venv/bin/python -m pytest -q -n auto")
    assert '".[test]"' in second


def test_set_up_works_where_pip_refuses_the_systems_python() -> None:
    for line in SETUP:
        assert line.startswith("python3 -m venv --without-pip .venv && python3 -m pip --python .venv install -e ")
        assert "sudo" not in line


def test_set_up_agrees_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "test" in project["optional-dependencies"]
    assert "autograd-explain" in project["scripts"]
    assert ">=3.11" == project["requires-python"]
    assert "Python 3.11 or newer" in README


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists()


def test_the_source_distribution_has_all_that_its_documents_name() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    named = {".ci", *re.findall(r"\]\(([^)#/]+)", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8"))}
    always = {"README.md", "LICENSE", "pyproject.toml"}
    assert {"docs", "SECURITY.md"} <= named
    assert set() == named - always - set(settings["sdist"]["only-include"])
    assert set(settings["wheel"]["only-include"]) <= set(settings["sdist"]["only-include"])


def test_the_readme_holds_no_web_address() -> None:
    assert "://" not in README
