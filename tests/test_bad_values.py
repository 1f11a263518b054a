"""Values, files, names and limits at fault, and characters that are not what they seem: whole commands."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograd_explain.cli.main import execute
from tests.reports import Refused, is_one_report


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u00ad",
        "\ud800",
        "\u2028",
        "\x85",
        "\x0b",
        "\x7f",
        "\ufe0f",
        "\U000e0041",
        "[bold]x[/bold]",
        "[/]",
        "[link=x]y",
        ":x:",
        "\N{CYRILLIC SMALL LETTER HA}",
        "\N{GREEK QUESTION MARK}",
        "\N{FULLWIDTH SEMICOLON}",
    ],
    ids=ascii,
)
def test_characters_are_data_wherever_they_stand(refused: Refused, text: str) -> None:
    refused("run", f"{text}+x+zzz", "--x", "1")
    refused("run", f"x # {text}\n+", "--x", "1")
    refused("run", "x", "--x", text)
    refused("run", "x", "--x", f"@{text}.npy".replace("\0", ""))
    refused("run", "x", f"--{text}", "1")
    refused("run", "x", "--x", "1", "--wrt", text)
    refused("run", "x", "--x", "1", "--set", f"{text}=1")
    refused("run", "x", "--x", "1", "--limit", f"{text}=1")
    refused("run", "x", "--x", "1", "--format", text)
    refused(text)
    for command in ("ops", "examples", "faults"):
        refused(command, text)


@pytest.mark.parametrize(
    ("program", "values", "message"),
    [
        ("x + \N{CYRILLIC SMALL LETTER HA}", ["--x", "1"], "U+0445"),
        ("x", ["--x", "1", "--\N{FULLWIDTH LATIN SMALL LETTER X}", "2"], "given twice"),
        ("x₁ + x1", ["--x1", "1", "--x₁", "2"], "given twice"),
        ("K", ["--K", "1", "--\N{KELVIN SIGN}", "2"], "given twice"),
        ("µ", ["--\N{MICRO SIGN}", "1", "--\N{GREEK SMALL LETTER MU}", "1"], "given twice"),
    ],
)
def test_names_that_look_or_fold_alike(
    refused: Refused, program: str, values: list[str], message: str
) -> None:
    assert message in refused("run", program, *values)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[",
        "[1,",
        "[[1, 2], [3]]",
        "[1, [2]]",
        "[" * 40 + "1" + "]" * 40,
        "[" * 5000,
        "1 2",
        "1,2",
        "1j",
        "'1'",
        "None",
        "True",
        "9**",
        "[x]",
        "x",
        "@",
        "@none.npy",
        "١٢",
        "1e",
        "--",
        "-",
        "1.2.3",
        "(1, 2)",
        "()",
        "{}",
        "sin",
        "ones(3) @ ones(2)",
        "zeros(10**9)",
        "randn(10**4, 10**4)",
        "while 1: 1",
        "f(1)",
        "range(3)",
        "$(ls)",
        "`ls`",
        "[None]",
        "1e999",
    ],
)
def test_a_value_at_fault(refused: Refused, value: str) -> None:
    assert "x" in refused("run", "x*x", "--x", value)
    assert "--upstream" in refused("run", "x*x", "--x", "1", "--upstream", value)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of files that cannot be used."""
    content = {
        "binary.npy": os.urandom(500),
        "empty.npy": b"",
        "pickle.npy": pickle.dumps(print),
        "binary.csv": b"\xff\x00\x81",
        "empty.csv": b"",
        "ragged.csv": b"1,2\n3\n",
        "formula.csv": b"=1+1,2\n",
        "empty.json": b"",
        "ragged.json": b"[[1,2],[3]]",
        "deep.json": b"[" * 99_999 + b"]" * 99_999,
        "long.json": b"9" * 9999,
        "null.json": b"[null]",
        "text.json": b'"1"',
        "object.json": b'{"a": 1}',
        "binary.json": b"\xff\x00",
        "binary.expr": b"\xff\x00\x81",
        "utf16.expr": "x".encode("utf-16"),
        "latin.expr": b"x\xe9",
        "empty.expr": b"",
        "null.expr": b"x\0",
        "long.expr": b"x" * 5_000_000,
        "x.txt": b"1",
        "none": b"1",
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.save(tmp_path / "object.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / "text.npy", np.array(["1"]))
    np.save(tmp_path / "date.npy", np.array(["2020-01-01"], dtype="M8[D]"))
    for name, shape in {"lie": (10**12,), "less": (3,), "negative": (-1,), "many": (1,) * 70}.items():
        with (tmp_path / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": False, "shape": shape}
            )
            file.write(b"12345678")
    for name in ("folder.npy", "folder.csv", "folder.json", "folder.expr"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_files_at_fault(files: Path, refused: Refused) -> None:
    for path in sorted(files.iterdir()):
        if path.suffix == ".expr":
            refused("run", path.name, "--x", "1")
            continue
        assert path.name in refused("run", "sum(x)", "--x", f"@{path.name}")
        refused("run", "x", "--data", path.name)
    for name in ("/dev/null", "/dev/zero", "", "none.npy", "~", "none/x.npy"):
        refused("run", "x", "--x", f"@{name}")


@pytest.mark.parametrize(
    "limit",
    [
        "",
        "=",
        "nodes",
        "nodes=",
        "nodes=0",
        "nodes=-1",
        "nodes=x",
        "nodes=" + "9" * 5000,
        "Nodes=3",
        "time=3",
    ],
)
def test_a_limit_at_fault(refused: Refused, limit: str) -> None:
    refused("run", "x", "--x", "1", "--limit", limit)


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=20), st.text(max_size=12))
@example("x", "1;2")
@example("[/]", "[red]1[/red]")
def test_any_two_texts_end_well(capsys: pytest.CaptureFixture[str], program: str, value: str) -> None:
    code = execute(["run", "--brief", "--set", f"x={value}", "--", program])
    out, err = capsys.readouterr()
    assert code in {0, 2}
    assert is_one_report(err) if code else out


@pytest.mark.parametrize(
    ("name", "limit", "program", "value"),
    [
        ("nodes", 5, "x*x*x*x*x*x*x*x", "1"),
        ("statements", 40, "for i in range(30): y = x\ny", "1"),
        ("depth", 3, "def f(n):\n    if n < 1: return x\n    return f(n - 1)\nf(5)", "1"),
        ("elements", 3, "sum(x*ones(4))", "1"),
        ("text", 9, "x + x + x + x", "1"),
        ("nesting", 3, "((((x))))", "1"),
        ("elements", 3, "sum(x)", "[1, 2, 3, 4]"),
        ("elements", 3, "y = x*x*x*x*x*x*x*x*x*x\ny[0]", "[1, 2, 3]"),
    ],
)
def test_each_limit_is_named_and_can_be_raised(
    refused: Refused, capsys: pytest.CaptureFixture[str], name: str, limit: int, program: str, value: str
) -> None:
    line = ("run", program, "--x", value, "--limit")
    report = refused(*line, f"{name}={limit}")
    assert "more than " in report
    assert f"--limit {name}=N raises it" in report
    assert 0 == execute([*line, f"{name}={limit * 100}"]), capsys.readouterr().err
