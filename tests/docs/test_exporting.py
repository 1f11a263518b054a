"""The document on scripts: its commands are run, `python` lines too, and its files where their library is there."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import Command, blocks, code_shown, commands, run_command, write_files

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "exporting.md").read_text("utf-8")
FILES = {"faster_torch.py": "torch", "spread_torch.py": "torch", "sharded_jax.py": "jax"}


def matches(shown: str, printed: str) -> bool:
    """Whether an output is as shown; `…` alone stands for any lines, within a line for any text."""
    lines = (r"(?:.*\n)*?" if line == "…\n" else re.escape(line).replace("…", ".*?") for line in shown.splitlines(True))
    return re.fullmatch("".join(lines), printed) is not None


def library_of(command: Command) -> str:
    """The library that a command needs, by its words; "" for none but NumPy."""
    return next((name for name in ("torch", "jax") if name in command.line), "")


def is_there(library: str) -> bool:
    """Whether the library is installed."""
    return not library or importlib.util.find_spec(library) is not None


def python(line: str) -> str:
    """What a script prints, run by itself in the folder at hand."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    one = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHDYNAMO_DISABLE": "1"}
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    words = [sys.executable, *shlex.split(line)[1:]]
    env = {**os.environ, **one, **two, "JAX_PLATFORMS": "cpu"}
    return subprocess.run(words, check=True, capture_output=True, text=True, env=env, timeout=300).stdout


def test_elision_within_a_line() -> None:
    assert matches("a: …\n", "a: 1e-9\n")
    assert not matches("a: …\n", "b: 1e-9\n")
    assert matches("…\nb\n", "x\ny\nb\n")


def test_the_commands_print_what_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    ran = 0
    for command in commands(TEXT):
        if not is_there(library_of(command)) and command.line.startswith("python"):
            continue
        if command.line.startswith("python "):
            printed, code = python(command.line), 0
            assert {"value", "gradients"} == json.loads(printed.splitlines()[-1]).keys()
        else:
            code, printed = run_command(command, capsys)
        assert matches(command.shown, printed), f"$ {command.line}\n{printed}"
        assert code == code_shown(command.shown)
        ran += 1
    assert ran >= 6


@pytest.mark.parametrize("name", FILES)
def test_the_next_steps_run(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not is_there(FILES[name]):
        pytest.skip(f"{FILES[name]} is not installed")
    monkeypatch.chdir(tmp_path)
    write_files(TEXT, tmp_path)
    for command in commands(TEXT):
        if f"--format {FILES[name]} -o" in command.line:
            assert 0 == run_command(command, capsys)[0]
    printed = python(f"python {name}").splitlines()
    found = next(json.loads(line) for line in printed if line.startswith("{"))
    numbers = [f"{entry:.4f}".rstrip("0") for entry in found["gradients"]["w"]]
    assert [] == [number for number in numbers if number not in printed[-1]]


def test_every_block_is_run() -> None:
    assert {"console"} == {language for language, _ in blocks(TEXT)}
    assert set(FILES) == set(re.findall(r"`(\w+\.py)`:\n\n```python", TEXT))
