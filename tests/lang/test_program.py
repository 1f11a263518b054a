"""Program files and their headings, where programs are found, and what is said when they are not."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from autograd_explain.errors import ExplainError, InputError, LimitError, NameProblem
from autograd_explain.lang.expect import agrees, read_written
from autograd_explain.lang.names import MissingValues
from autograd_explain.lang.program import bind_values, example, gallery, read_expression, read_program, resolve
from autograd_explain.limits import Limits

HEADING = """\ufeff# title: A title: with a colon
# just a comment
#teaches: One thing.

# teaches:  And another.
# values: x=2 w=[1, 2] b = randn(2, 3)*0.1
# values: x₂=@x.csv
# wrt: w, b
# expect: w = [-3.5e-3, 2]
# Expect:  result=7
x*w + b + x2
"""


def test_a_heading_is_read() -> None:
    program = read_program(HEADING.replace("\n", "\r\n"), "p.expr")
    assert "A title: with a colon" == program.title
    assert "One thing. And another." == program.teaches
    assert {"x": "2", "w": "[1, 2]", "b": "randn(2, 3)*0.1", "x2": "@x.csv"} == program.defaults
    assert ("w", "b") == program.wrt
    assert [("w", "[-3.5e-3, 2]"), ("result", "7")] == list(program.expects)
    assert ["x", "w", "b", "x2"] == list(bind_values(program, {}))


def test_an_expected_error_is_read() -> None:
    assert "shapes do not" == read_program("# expect error: shapes do not\n[1, 2] + [1, 2, 3]").expect_error


def test_an_expression_has_no_heading() -> None:
    program = read_expression("# values: x=2\nx")
    assert ({}, "", None) == (dict(program.defaults), program.title, program.wrt)


@pytest.mark.parametrize(
    ("text", "message", "hint", "start"),
    [
        ("# valus: x=3\nx", "unknown heading 'valus'", "did you mean # values: x=3", 2),
        ("x\n# values: x=3", "the heading 'values' stands after the program's first line", "to the top", 4),
        ("x\n# expect: x = 1", "the heading 'expect' stands after the program's first line", "to the top", 4),
        ("# title:\nx", "the heading 'title' is empty", "# title:", 2),
        ("# title: a\n# title: b\nx", "the heading 'title' is there twice", "one of them", 13),
        ("# wrt: w\n# wrt: b\nw*b", "the heading 'wrt' is there twice", "one of them", 11),
        ("# values: 3\nx", "values are written NAME=VALUE", "# values: x=2", 2),
        ("# values: x=\nx", "x has no value here", "# values: x=2", 2),
        ("# values: x=1 x=2\nx", "x has two values here", "one of them", 2),
        ("# values: 1x=1\nx", "1x is not a name", "", 2),
        ("# expect: x 2\nx", "an expected number is written NAME = NUMBER", "# expect: w", 2),
        ("# expect: x = y\nx", "y is not a number", "a list of numbers", 2),
        ("# expect: x = 3e9999999999999999999\nx", "3e9999999999999999999 is no number that is", "5e-324", 2),
        ("# expect: x = 4.0e-500\nx", "4.0e-500 is no number that is", "5e-324", 2),
        ("# expect: x = [1, 2\nx", "[1, 2 is not a list", "a list of numbers", 2),
    ],
)
def test_a_heading_that_cannot_be_read_is_refused_at_its_place(text: str, message: str, hint: str, start: int) -> None:
    with pytest.raises(ExplainError) as caught:
        read_program(text, "p.expr")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.span is not None
    assert start == caught.value.span.start
    assert "p.expr:" in str(caught.value)


@pytest.mark.parametrize("comment", ["# Note: x is the input", "# the weights", "#", "#!x:"])
def test_other_comments_are_comments(comment: str) -> None:
    assert {"x": "2"} == dict(read_program(f"{comment}\n# values: x=2\nx").defaults)
    assert {} == dict(read_program(f"x\n{comment}\n# values: queries meet keys\n# title: no").defaults)


def test_a_misspelt_function_comes_before_missing_values() -> None:
    with pytest.raises(NameProblem, match="unknown function 'sigmod'"):
        bind_values(read_expression("sigmod(x)"), {})
    with pytest.raises(MissingValues):
        bind_values(read_expression("sigmoid(x)"), {})


def test_what_a_program_argument_stands_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "p.expr"
    file.write_text("# values: x=2 y=@y.csv\nx*y", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert {"x": "2", "y": f"@{tmp_path / 'y.csv'}"} == dict(resolve(str(file)).defaults)
    assert {"x": "2", "y": "@y.csv"} == dict(resolve("p.expr").defaults)
    assert "newton.expr" == resolve("newton").name
    assert "" == resolve("newton", {"newton"}).name
    assert "" == resolve("two-layers", {"two", "layers"}).name
    assert "two-layers.expr" == resolve("two-layers", {"two"}).name
    assert "x*y" == resolve("x*y").text


def test_a_byte_order_mark_is_not_of_the_program(tmp_path: Path) -> None:
    file = tmp_path / "p.expr"
    file.write_text("# values: x=2\nx*x", encoding="utf-8-sig")
    assert ("# values: x=2\nx*x", {"x": "2"}) == (resolve(str(file)).text, dict(resolve(str(file)).defaults))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("θ*2".encode()), encoding="ascii"))
    assert "θ*2" == resolve("-").text


def test_standard_input_is_read_as_a_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# values: x=2\n# expect: x = 4\nx*x\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    program = resolve("-")
    assert {"x": "2"} == dict(program.defaults)
    assert (("x", "4"),) == program.expects


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"x\0y", "is not a text file"),
        (b"x = \xff\n", "is not UTF-8: byte 5 (line 1) is 0xff"),
        ("x".encode("utf-16"), "is UTF-16, not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "p.expr"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        resolve(str(file))
    assert message in caught.value.message


def test_a_folder_a_long_name_and_a_large_file(tmp_path: Path) -> None:
    (tmp_path / "d.expr").mkdir()
    (tmp_path / "large.expr").write_text("x" + " " * 999)
    with pytest.raises(InputError, match="is a folder, not a program"):
        resolve(str(tmp_path / "d.expr"))
    with pytest.raises(InputError, match="cannot be read"):
        resolve("x" * 5000 + ".expr")
    with pytest.raises(LimitError, match="more than 100 characters"):
        resolve(str(tmp_path / "large.expr"), limits=Limits(text=100))


def test_hints_to_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.expr").write_text("x")
    Path("model.txt").write_text("x")
    for text, hint in (
        ("modle.expr", "did you mean model.expr?"),
        ("newton.expr", "the example of that name is called newton"),
        ("model.txt", "give it the ending .expr"),
    ):
        with pytest.raises(ExplainError) as caught:
            resolve(text)
        assert hint in caught.value.hint


def test_the_gallery_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"chain-rule", "newton"} <= set(gallery())
    with pytest.raises(NameProblem) as caught:
        example("newtom")
    assert "did you mean newton?" in caught.value.hint


@pytest.mark.parametrize(
    ("written", "actual", "holds"),
    [
        ("-3.317032e-06", -3.3170323732747103e-06, True),
        ("-3.317031e-06", -3.3170323732747103e-06, False),
        ("−1.5", -1.4999999999999998, True),
        ("7", 7.000000000000001, True),
        ("7", 7.3, False),
        ("7.", 7.3, False),
        ("7.0", 7.04, True),
        ("1e3", 1400.0, True),
        ("0", 1e-9, False),
        ("nan", float("nan"), True),
        ("inf", float("inf"), True),
        ("-inf", float("inf"), False),
        ("1.0", float("inf"), False),
        ("[1, 2.50]", [1.0, 2.501], True),
        ("[1, 2.50]", [1.0, 2.6], False),
        ("[1]", [1.0, 2.0], False),
        ("[[1], [2]]", [[1.0], [2.0]], True),
        ("1", [1.0], False),
        ("[1]", 1.0, False),
    ],
)
def test_expected_numbers_hold_to_the_digits_written(written: str, actual: object, holds: bool) -> None:
    assert holds == agrees(written, actual)


@pytest.mark.parametrize("text", ["", "[", "[1 2]", "[1,]", "1 2", "x", "١", "[" * 99 + "1" + "]" * 99])
def test_what_is_no_written_number(text: str) -> None:
    with pytest.raises(ExplainError):
        read_written(text)
