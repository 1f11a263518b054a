"""Excerpts, carets and the visible form of hidden characters; the report of an error."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_explain.errors import ExplainError, LanguageError, LimitError, NameProblem
from autograd_explain.limits import Limits, exceeded
from autograd_explain.source import Source, Span, cell_width, visible


def test_a_report_shows_message_excerpt_and_hint() -> None:
    error = NameProblem(
        "unknown function 'sigmod'",
        span=Span(5, 11),
        source=Source("(1 - sigmod(w*x + b))**2"),
        hint="did you mean sigmoid?   All functions: autograd-explain ops",
    )
    expected = (
        "unknown function 'sigmod'\n"
        "  (1 - sigmod(w*x + b))**2\n"
        "       ^^^^^^\n"
        "hint: did you mean sigmoid?   All functions: autograd-explain ops"
    )
    assert expected == str(error)


def test_a_report_without_place_and_hint_is_its_message() -> None:
    assert "only this" == str(ExplainError("only this"))
    assert "only this" == str(ExplainError("only this", span=Span(0, 1)))


def test_a_report_never_holds_a_control_character() -> None:
    text = "x\x1b]0;\x07 + \u202ey\r"
    report = str(ExplainError(f"bad {text}", span=Span(1, 2), hint=text, source=Source(text, text)))
    assert not any(not character.isprintable() for character in report.replace("\n", ""))
    assert "\\x1b" in report
    assert "\\u202e" in report


def test_located_fills_in_only_what_is_missing() -> None:
    source = Source("a + b")
    bare = ExplainError("m").located(source, Span(0, 1))
    assert (source, Span(0, 1)) == (bare.source, bare.span)
    placed = ExplainError("m", span=Span(4, 5)).located(source, Span(0, 1))
    assert Span(4, 5) == placed.span
    foreign = ExplainError("m", source=Source("other")).located(source, Span(0, 1))
    assert (Source("other"), None) == (foreign.source, foreign.span)


def test_errors_survive_pickling() -> None:
    error = LanguageError("m", span=Span(0, 1), hint="h", source=Source("t"))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (LanguageError, "m", Span(0, 1), "h") == (type(copy), copy.message, copy.span, copy.hint)


def test_every_error_of_the_family_ends_with_two() -> None:
    family: list[type[ExplainError]] = [ExplainError, *ExplainError.__subclasses__()]
    assert {2} == {kind.exit_code for kind in family}


def test_exceeded_names_the_option_that_raises_the_limit() -> None:
    error = exceeded("nodes", Limits().nodes, "recorded operations", span=Span(0, 1))
    assert LimitError is type(error)
    assert "more than 1,000,000 recorded operations" == error.message
    assert "--limit nodes=N raises it" == error.hint


@pytest.mark.parametrize(
    ("text", "span", "lines"),
    [
        ("a + b", Span(4, 5), ("  a + b", "      ^")),
        ("a + b", Span(0, 5), ("  a + b", "  ^^^^^")),
        ("a + b", Span(5, 5), ("  a + b", "       ^")),
        ("a\nbc\nd", Span(3, 4), ("  2 | bc", "    |  ^")),
        ("a\r\nbc\rd", Span(6, 7), ("  3 | d", "    | ^")),
        ("a + b\n", Span(0, 1), ("  a + b", "  ^")),
        ("f(\nx", Span(0, 4), ("  1 | f(", "    | ^^")),
        ("\ta", Span(1, 2), ("      a", "      ^")),
        ("漢x", Span(1, 2), ("  漢x", "    ^")),
        ("漢x", Span(0, 1), ("  漢x", "  ^^")),
        ("e\u0301x", Span(2, 3), ("  e\u0301x", "   ^")),
        ("a\u200bx", Span(1, 2), ("  a\\u200bx", "   ^^^^^^")),
        ("", Span(0, 0), ()),
        (" \n", Span(0, 1), ()),
    ],
)
def test_excerpt(text: str, span: Span, lines: tuple[str, ...]) -> None:
    assert lines == Source(text).excerpt(span)


def test_a_named_source_tells_its_place() -> None:
    assert ("  model.expr:2:3", "  2 | b + c", "    |   ^") == Source("a\nb + c", "model.expr").excerpt(
        Span(4, 5)
    )


def test_a_long_line_is_cut_around_the_span() -> None:
    text = "a" * 100 + "XYZ" + "b" * 100
    shown, carets = Source(text).excerpt(Span(100, 103), width=40)
    assert shown.startswith("  …a")
    assert shown.endswith("b…")
    assert "XYZ" == shown[carets.index("^") : carets.rindex("^") + 1]


@given(
    st.text(st.sampled_from("ab漢é\t\u0301\x1b\u202e\n\r"), max_size=200),
    st.integers(0, 200),
    st.integers(0, 50),
    st.integers(20, 100),
)
def test_an_excerpt_fits_and_its_carets_stand_inside(text: str, start: int, length: int, width: int) -> None:
    lines = Source(text).excerpt(Span(start, start + length), width)
    assert all(cell_width(line) <= width for line in lines)
    assert bool(text.strip()) == ("^" in "".join(lines[-1:]))
    assert "".join(lines).isprintable() or "\u0301" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202ea\u200b", "\\u202ea\\u200b"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("\u3164", "\\u3164"),
    ],
)
def test_visible(text: str, expected: str) -> None:
    assert expected == visible(text)


def test_visible_keeps_what_it_is_told_to() -> None:
    assert "a\nb\\r" == visible("a\nb\r", keep="\n")
