"""The same bytes wherever a command runs: consoles, shells, folders, Pythons; and streams that take nothing.

Starting Python costs more than most commands do, so one process runs all of them in one environment.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autograd_explain.cli.main import execute
from autograd_explain.core import registry
from autograd_explain.render.theme import View, spelled
from tests.processes import COMMAND, EXAMPLE, ROOT, ended, environment, posix

DATA = "in JSON"
COMMANDS = {
    "run": EXAMPLE,
    "check": ("check", "x*sin(x) + max([x, 1])", "--x", "2"),
    "train": ("train", "(x - 3)**2", "--x", "0", "--lr", "0.1", "--steps", "5"),
    "examples": ("examples",),
    "ops": ("ops",),
    "help": ("run", "--help"),
    DATA: ("run", "σ = sum(randn(3)*sigmoid(x)); σ/x[0]", "--x", "[0.3, -2, 40]", "--check", "--format", "json"),
}  # data comes last: it makes the stream UTF-8
SCRIPT = """
import sys
from autograd_explain.cli.main import execute
codes = []
for words in {commands!r}:
    codes.append(execute(words))
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\0")
assert codes == [0]*len(codes), codes
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is set around a process, beside what the tests' own environment has; with `bare`, nothing else."""

    changes: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    folder: str = "."
    bare: bool = False


WIDE = {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
USUAL = "as usual"
ASCII = "ASCII"
NARROWEST = "30 columns"
SURROUNDINGS = {
    USUAL: Surroundings({**WIDE, "PYTHONHASHSEED": "1", "TERM": "xterm"}),
    ASCII: Surroundings({**WIDE, "PYTHONIOENCODING": "ascii"}),
    NARROWEST: Surroundings({**WIDE, "COLUMNS": "30"}),
    "another hash seed": Surroundings({**WIDE, "PYTHONHASHSEED": "2"}),
    "LC_ALL=C": Surroundings({"LC_ALL": "C"}, bare=True),  # which Python reads as UTF-8
    "NO_COLOR and FORCE_COLOR": Surroundings({**WIDE, "NO_COLOR": "1", "FORCE_COLOR": "1"}),
    "TERM=dumb": Surroundings({**WIDE, "TERM": "dumb"}),
    "nothing set, no home": Surroundings(bare=True),
    "a folder that takes no file": Surroundings({**WIDE, "HOME": "/proc"}, folder="/proc"),
    "PYTHONWARNINGS=error": Surroundings({**WIDE, "PYTHONWARNINGS": "error"}),
    "python -O": Surroundings(WIDE, options=("-O",)),
    "cp1252": Surroundings({**WIDE, "PYTHONIOENCODING": "cp1252"}),
    "latin-1": Surroundings({**WIDE, "PYTHONIOENCODING": "latin-1"}),
    "20 columns": Surroundings({**WIDE, "COLUMNS": "20"}),
}
LIKE = {"cp1252": ASCII, "latin-1": ASCII, "20 columns": NARROWEST}
"""Whose text it has, where it is not the usual one."""


def outputs(around: Surroundings, python: str = sys.executable) -> dict[str, bytes]:
    """What each command writes there; all of them must end well and leave standard error empty."""
    path = {"PYTHONPATH": str(ROOT)}
    surrounding = {**path, **around.changes} if around.bare else environment(**around.changes)
    script = SCRIPT.format(commands=list(COMMANDS.values()))
    words = [python, *around.options, "-c", script]
    run = subprocess.run(words, capture_output=True, check=False, env=surrounding, cwd=around.folder)
    assert (0, "") == (run.returncode, run.stderr.decode())
    return dict(zip(COMMANDS, run.stdout.split(b"\0"), strict=False))


@functools.cache
def known(name: str) -> dict[str, bytes]:
    """What each command writes in the surroundings of this name."""
    return outputs(SURROUNDINGS[name])


@pytest.mark.parametrize("name", [name for name in SURROUNDINGS if name not in {USUAL, ASCII, NARROWEST}])
def test_the_same_bytes_everywhere(name: str) -> None:
    if not Path(SURROUNDINGS[name].folder).is_dir():
        pytest.skip("needs /proc")
    found = outputs(SURROUNDINGS[name])
    expected = {**known(LIKE.get(name, USUAL)), DATA: known(USUAL)[DATA]}
    assert [] == [command for command, text in expected.items() if text != found[command]]


def test_a_console_without_the_symbols_gets_ascii() -> None:
    usual, found = known(USUAL), known(ASCII)
    for command in COMMANDS.keys() - {DATA}:
        assert found[command].isascii(), command
        assert usual[command].count(b"?") == found[command].count(b"?"), command
    assert "∂w".encode() in usual["run"]
    assert b"dw" in found["run"]


def test_every_note_of_an_operation_has_an_ascii_form() -> None:
    plain = View(ascii=True)
    assert [] == [name for name, op in registry.OPERATIONS.items() if not spelled(op.note, plain).isascii()]
    assert "(e^x - e^-x)/2, 1.05^10, x^2" == spelled("(eˣ − e⁻ˣ)/2, 1.05¹⁰, x²", plain)


def test_text_has_no_colour_in_a_pipe() -> None:
    assert [] == [command for command, text in known(USUAL).items() if b"\x1b" in text]


@pytest.mark.parametrize("minor", [minor for minor in range(11, 16) if minor != sys.version_info.minor])
def test_the_same_data_from_another_python(minor: int) -> None:
    python = shutil.which(f"python3.{minor}")
    needs = "import click, mpmath, numpy, plotille, rich, sympy, textual"
    if python is None or subprocess.run([python, "-c", needs], capture_output=True, check=False).returncode:
        pytest.skip(f"needs a Python 3.{minor} that has what the package needs")
    found = outputs(SURROUNDINGS[USUAL], python)
    assert [] == [command for command, text in known(USUAL).items() if text != found[command]]


# Streams that take nothing.


@posix
@pytest.mark.parametrize("words", [EXAMPLE, ["--help"], ["ops"], [*EXAMPLE, "--format", "json"]])
def test_a_full_disk(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, check=False, env=environment())
    hint = b"hint: is there room where it goes, and may you write there?\n"
    assert (2, b"error: the output cannot be written: No space left on device\n" + hint) == (run.returncode, run.stderr)


@posix
@pytest.mark.parametrize("words", [EXAMPLE, ["--help"], ["ops"]])
def test_a_pipe_that_nobody_reads(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run([*COMMAND, *words], stdout=write, stderr=subprocess.PIPE, check=False, env=environment())
    os.close(write)
    assert (0, b"") == (run.returncode, run.stderr)


@posix
@pytest.mark.parametrize(
    ("closed", "words", "code", "said"),
    [
        (">&-", "check x*x --x 2", 0, ""),
        (">&-", "run --help", 0, ""),
        (">&-", "run x*x --x 2 -o run.json", 0, "wrote run.json"),
        ("2>&-", "run x*x", 2, ""),
        ("2>&- >&-", "run x*x --x 2 -o run.json", 0, ""),
        ("<&-", "run - --x 2", 2, "error: there is no standard input to read\n"),
        ("<&-", "verify -", 2, "error: there is no standard input to read\n"),
    ],
)
def test_closed_streams(closed: str, words: str, code: int, said: str, tmp_path: Path) -> None:
    line = f'exec "$@" {closed}'
    run = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *COMMAND, *words.split()],
        capture_output=True, check=False, env=environment(), cwd=tmp_path, text=True,
    )  # fmt: skip
    assert (code, "") == (run.returncode, run.stdout)
    assert run.stderr.startswith(said)
    assert bool(said) == bool(run.stderr)
    assert ("-o" in words) == (tmp_path / "run.json").exists()


@posix
@pytest.mark.parametrize(
    "words",
    [
        "run x*x --x 2 -o run.json",
        "run x*x --x 2 -o run.png",
        "plot x*x --over x=-1:1 -o plot.svg",
        "train x*x --x 2 --steps 3 --save run.json",
        "train x*x --x 2 --steps 3 --format jsonl -o run.jsonl",
        "quiz fan-out --worksheet quiz.md",
    ],
)
def test_a_folder_that_takes_no_file(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    monkeypatch.chdir("/proc")
    assert 2 == execute(words.split())
    out, err = capsys.readouterr()
    assert "" == out
    file = words.rsplit(maxsplit=1)[-1]
    assert f"error: {file} cannot be written: No such file or directory\nhint: name a file in" in err
    assert 2 == err.count("\n")


def test_a_plot_as_a_file_where_there_is_no_home(tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    run = ended("plot", "x*x", "--over", "x=-1:1", "-o", str(path), HOME="/proc", XDG_CONFIG_HOME="", MPLCONFIGDIR="")
    assert (0, b"") == (run.returncode, run.stdout)
    assert f"wrote {path} ({path.stat().st_size:,} bytes)\n" == run.stderr.decode()
