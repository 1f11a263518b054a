"""Values from the command line and from files: what is read, and what is refused with which words."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_explain.errors import ExplainError, LimitError
from autograd_explain.lang import value_files
from autograd_explain.lang.value_files import read_table
from autograd_explain.lang.values import read_value, read_values
from autograd_explain.limits import DEFAULT_LIMITS, Limits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0),
        ("-2", -2.0),
        ("-.5", -0.5),
        ("+1e3", 1000.0),
        (" 1. ", 1.0),
        ("1_000", 1000.0),
        ("9007199254740993", 9007199254740992.0),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("pi/4", math.pi / 4),
        ("-2**2", -4.0),
        ("2^3", 8.0),
        ("sum([1, 2, 3])", 6.0),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert value == read_value(text)
    assert type(read_value(text)) is float


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1,-2]", [1, -2]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("[ .5 , 1e3,]", [0.5, 1000]),
        ("[pi, -pi]", [math.pi, -math.pi]),
        ("[[1, 2], [3, 4]].T", [[1, 3], [2, 4]]),
        ("[[[1]]]", [[[1]]]),
        ("zeros(2, 3) + 1", [[1, 1, 1], [1, 1, 1]]),
    ],
)
def test_arrays(text: str, value: Any) -> None:
    found = read_value(text)
    assert (np.float64, value) == (found.dtype, found.tolist())


def test_an_empty_list_is_an_empty_array() -> None:
    assert (0,) == read_value("[]").shape
    assert (2, 0) == read_value("[[], []]").shape


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the value is empty"),
        ("x + 1", "x is a name"),
        ("[1, y]", "y is a name"),
        ("[1, [2]]", "entry [1] is a list of 1, the one before is a number"),
        ("[[1], 2]", "entry [1] is a number, the one before is a list of 1"),
        ("[[1, 2], [3]]", "entry [1] is a list of 1, the one before is a list of 2"),
        ("[[[1], [2]], [[3], [4, 5]]]", "entry [1][1] is a list of 2"),
        ("[" * 40 + "]" * 40, "nested deeper than 32"),
        ("[" * 5000, "nested deeper than 32"),
        ("2j", "complex numbers"),
        ("'2'", "text in quotes"),
        ("True", "True"),
        ("١٢", "not an ASCII digit"),
        ("1e999", "too large for float64"),
        ("1,5", "a tuple cannot stand here"),
        ("[,]", "a value is missing"),
        ("[1", "never closed"),
        ("__import__('os')", ""),
        ("@", "@ stands without a file"),
        ("@nothing.npy", "there is no file nothing.npy"),
    ],
)
def test_what_is_no_value(text: str, message: str) -> None:
    with pytest.raises(ExplainError) as caught:
        read_value(text)
    assert message in caught.value.message


def test_limits_hold_for_values() -> None:
    for text in ("[1, 2, 3]", "zeros(3)", "ones(1, 3)*2"):
        with pytest.raises(LimitError, match="more than 2 entries"):
            read_value(text, limits=Limits(elements=2))


def test_names_draw_their_own_random_numbers_in_any_order() -> None:
    texts = {"a": "randn(3)", "b": "randn(3)"}
    values = read_values(texts, seed=1)
    again = read_values(dict(reversed(texts.items())), seed=1)
    assert values["a"].tolist() == again["a"].tolist()
    assert values["a"].tolist() != values["b"].tolist()
    assert values["a"].tolist() != read_values(texts, seed=2)["a"].tolist()


def test_an_error_says_whose_value_it_is() -> None:
    with pytest.raises(ExplainError, match="the value of W: there is no file"):
        read_values({"W": "@W.npy"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(4, dtype=">i2"),
        np.array([True, False]),
        np.array([0.5], dtype=np.float16),
        np.zeros((2, 0)),
        np.array(3),
    ],
    ids=str,
)
def test_npy(folder: Path, array: Any) -> None:
    np.save("x.npy", array)
    found = read_value("@x.npy")
    assert (array.shape, array.tolist()) == (np.shape(found), np.asarray(found).tolist())
    assert type(found) in {float, np.ndarray}


def lying(shape: str, kind: str = "<f8", body: bytes = b"\0" * 16) -> bytes:
    """A .npy file that promises what its header says."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lying("(3,)"), "its header promises 24 bytes for shape (3), but 16 follow"),
        (lying("(1,)"), "its header promises 8 bytes"),
        (lying("(10**9, 10**9)"), "not a .npy file"),
        (lying("(1000000000, 1000000000)"), "more than 10,000,000 entries"),
        (lying("(-1, -2)"), "impossible shape"),
        (lying("(2,)", "<c8"), "complex numbers"),
        (lying("(2,)", "|O"), "Python objects, which are never unpickled"),
        (lying("(2,)", "<U2"), "text"),
        (b"\x93NUMPY\x09\x00", "not a .npy file"),
        (b"\x93NUMPY\x01\x00\xff\xff", "not a .npy file"),
        (b"", "not a .npy file"),
        (b"PK\x03\x04", "not a .npy file"),
    ],
)
def test_a_npy_file_that_lies(folder: Path, data: bytes, message: str) -> None:
    Path("x.npy").write_bytes(data)
    with pytest.raises(ExplainError) as caught:
        read_value("@x.npy")
    assert message in caught.value.message
    assert "x.npy" in caught.value.message


def test_pickled_arrays_are_never_loaded(folder: Path) -> None:
    np.save("x.npy", np.array([{}, []], dtype=object))
    with pytest.raises(ExplainError, match="never unpickled"):
        read_value("@x.npy")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("\ufeff1, -2.5\r\n\r\n3e0 ,.4", [[1, -2.5], [3, 0.4]]),
        ('"1","2"', [[1, 2]]),
        ("1\n2\n", [[1], [2]]),
        ("inf,-inf\n", [[math.inf, -math.inf]]),
    ],
)
def test_csv(folder: Path, text: str, value: Any) -> None:
    Path("x.csv").write_text(text, encoding="utf-8", newline="")
    assert value == read_value("@x.csv").tolist()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("x,y\n1,2", "line 1, column 1: 'x' is not a number", "--data"),
        ("1,2\n3", "line 2 has 1 entry, those before have 2", "each column"),
        ("1,2\n3,", "line 2, column 2: there is no number", ""),
        ("1;2", "'1;2' is not a number", ""),
        ("1\n1;2", "line 2, column 1: '1;2' is not a number", "separated by commas"),
        ("1e999", "too large for float64", ""),
        ("", "it is empty", ""),
        ("1\0", "it is not a text file", ""),
        ("١", "is not a number", ""),
        ("0x10", "is not a number", ""),
        ("1" + '"' * 3, "is not a number", ""),
    ],
)
def test_a_csv_file_at_fault(folder: Path, text: str, message: str, hint: str) -> None:
    Path("x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ExplainError) as caught:
        read_value("@x.csv")
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "value"), [("[[1, 2.5], [-3, 4e0]]", [[1, 2.5], [-3, 4]]), ('["nan", "-inf"]', [math.nan, -math.inf])]
)
def test_json(folder: Path, text: str, value: Any) -> None:
    Path("x.json").write_text(text)
    np.testing.assert_array_equal(value, read_value("@x.json"))


def test_a_json_number_is_a_number(folder: Path) -> None:
    Path("x.json").write_text(json.dumps(2))
    assert type(read_value("@x.json")) is float
    assert 2.0 == read_value("@x.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, [2]]", "entry [1] is a list of 1"),
        ("[NaN]", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ('{"x": 1}', "an object is not a number"),
        ("[true]", "true or false is not a number"),
        ("null", "null is not a number"),
        ('["1"]', "a text in quotes is not a number"),
        ("[1,", "line 1, column"),
        ("1e999", "too large"),
        ("[" * 99 + "]" * 99, "nested deeper"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_a_json_file_at_fault(folder: Path, text: str, message: str) -> None:
    Path("x.json").write_text(text)
    with pytest.raises(ExplainError) as caught:
        read_value("@x.json")
    assert message in caught.value.message


def test_files_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d.csv").mkdir()
    Path("x.csv").write_bytes(b"1,\xff")
    Path("x.pkl").write_bytes(b"")
    Path("large.csv").write_text("1,2,3,4")
    monkeypatch.setattr(value_files, "LARGEST_FILE", 6)
    for text, message in (
        ("@d.csv", "is a folder"),
        ("@x.csv", "not UTF-8"),
        ("@x.pkl", "says no format"),
        ("@" + "x" * 9999 + ".csv", "cannot be read"),
        ("@large.csv", "is larger than"),
    ):
        with pytest.raises(ExplainError, match=message):
            read_value(text)


def test_a_table_has_columns_by_name(folder: Path) -> None:
    Path("p.csv").write_text('x, y,"a name"\n1,2,u\n3,,v\n')
    table = read_table("p.csv", DEFAULT_LIMITS)
    assert {"x": [1.0, 3.0]} == {name: column.tolist() for name, column in table.columns.items()}
    assert {"y": "line 3: there is no number", "a name": "line 2: 'u' is not a number"} == table.refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,x\n1,2", "two columns are called 'x'"),
        ("x,y\n1", "line 2 has 1 entry, the header has 2"),
        ("x,y\n", "no lines of numbers"),
        ("", "no lines of numbers"),
    ],
)
def test_a_table_at_fault(folder: Path, text: str, message: str) -> None:
    Path("p.csv").write_text(text)
    with pytest.raises(ExplainError, match=message):
        read_table("p.csv", DEFAULT_LIMITS)


@pytest.mark.parametrize(("text", "start"), [("a=1", 0), ("1;2", 2), ("x = 3; x*2", 0), ("pass", 0), ("1\n2", 2)])
def test_a_value_is_one_expression(text: str, start: int) -> None:
    with pytest.raises(ExplainError, match="one expression") as caught:
        read_value(text)
    assert caught.value.span is not None
    assert start == caught.value.span.start
    assert "pi/4" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [("[1, inf]", [1, np.inf]), ("NaN", np.nan), ("-Infinity", -np.inf), ("[[nan, +inf], [-INF, 1]]",
     [[np.nan, np.inf], [-np.inf, 1]])],
)  # fmt: skip
def test_words_for_what_no_digits_can_write(text: str, value: Any) -> None:
    np.testing.assert_array_equal(value, read_value(text))
