"""The documents are run: their files are written, their commands executed in order, their Python tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograd_explain.core import registry
from autograd_explain.lang.defining import withdraw
from docs.make_operations import PAGE, page
from tests.docs.documents import blocks, code_shown, commands, matches, python_of, run_command, write_files

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENTS = ("README", "testing", "tutorial", "training", "api", "how-it-works", "adding-an-operation", "teaching")


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    yield
    for name in set(registry.OWN):
        withdraw(name)


def text_of(name: str) -> str:
    """A document as it stands."""
    return (DOCS / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_print_what_is_shown(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = text_of(name)
    write_files(text, tmp_path)
    for command in commands(text):
        code, printed = run_command(command, capsys)
        assert matches(command.shown, printed), f"$ {command.line}\n{printed}"
        assert code == code_shown(command.shown), command.line


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_gives_what_is_shown(name: str, tmp_path: Path) -> None:
    text = text_of(name)
    write_files(text, tmp_path)
    outcome = python_of(text, name)
    assert 0 == outcome.failed
    assert (outcome.attempted > 0) == any(language == "python" for language, _ in blocks(text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_is_run(name: str) -> None:
    for language, body in blocks(text_of(name)):
        assert language in {"console", "python"}, f"a block that nothing runs:\n{body}"
        assert ("$ " if language == "console" else ">>> ") == re.split(r"(?<=\s)", body, maxsplit=1)[0]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text_of(name)):
        assert (DOCS / target).exists(), target
        assert "://" not in target


def test_the_index_has_every_document() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of("README")))
    assert {path.name for path in DOCS.glob("*.md")} - {"README.md"} == linked


def test_the_tutorial_has_ten_steps() -> None:
    steps = re.findall(r"^## (\d+)\. ", text_of("tutorial"), re.MULTILINE)
    assert [str(number) for number in range(1, 11)] == steps


def test_the_page_of_operations_is_fresh() -> None:
    assert page() == PAGE.read_text("utf-8"), "python -m docs.make_operations makes it anew"


def test_the_page_of_operations_has_every_operation() -> None:
    text = page()
    assert [] == [name for name, op in registry.OPERATIONS.items() if not op.internal and op.note not in text]
    assert [] == [name for name in registry.ALIASES if f"`{name}`" not in text]
