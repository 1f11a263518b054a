"""Which names a program must be given, and what is said about names that do not fit."""

from __future__ import annotations

import pickle

import pytest

from autograd_explain.errors import NameProblem
from autograd_explain.lang.names import MissingValues, bind, fold_name, free_names, names_of
from autograd_explain.lang.parse import parse


@pytest.mark.parametrize(
    ("text", "required", "optional"),
    [
        ("(1 - sigmoid(w*x + b))**2", "w x b", ""),
        ("h = x*w; h + b*pi", "x w b", "pi"),
        ("e*E + π", "E", "e π"),
        ("e = 2*x; e", "x", ""),
        ("sum*sum(x)", "sum x", ""),
        ("h += x", "h x", ""),
        ("a, b = x, y; a + b", "x y", ""),
        ("x₁ + ﬁ", "x1 fi", ""),
        ("sum(x, axis=0)", "x", ""),
        ("x if c > 0 else y", "x c y", ""),
        ("X[i, :k]", "X i k", ""),
        ("if x > 0:\n    y = 1\ny*x", "x", "y"),
        ("if x > 0:\n    y = 1\nelse:\n    y = 2\ny*x", "x", ""),
        ("if a:\n    y = 1\nelif b:\n    y = 2\nelse:\n    y = c\ny", "a b c", ""),
        ("for i in range(n):\n    s = s + i*q\n    q = 2\ns + i", "n s q", "i"),
        ("while h < 9:\n    h = h*k\nh", "h k", ""),
        ("def f(t, u=2): return t*u*w\nf(x)", "w x", ""),
        ("def f(t): return w*t\nw = 3\nf(x)", "x", ""),
        ("def f(t):\n    s = t*a\n    return s + b\ns = 1\nf(s)", "a b", ""),
        ("def f(t): return g(t)\ndef g(t): return t*k\nf(x)", "k x", ""),
        ("def f(t): return t*k\nx", "x", "k"),
        ("def f(t): return f(t - d) if t > 0 else t\nf(x)", "d x", ""),
        ("@backward_of(c)\ndef r(u, out, t): return u*k\ndef c(t): return t\nc(x)", "k x", ""),
        ("grad(y, x)", "y x", ""),
    ],
)
def test_names_that_must_be_given_and_may_be_given(text: str, required: str, optional: str) -> None:
    names = names_of(parse(text))
    assert (required.split(), optional.split()) == (list(names.required), list(names.optional))
    assert tuple(required.split()) == free_names(parse(text))


def test_long_programs_are_walked_without_recursion() -> None:
    chain = "if x > 0:\n    y = 0\n" + "".join(f"elif x > {i}:\n    y = {i}\n" for i in range(2000))
    calls = "def f0(t): return t*k\n" + "".join(f"def f{i}(t): return f{i - 1}(t)\n" for i in range(1, 1500))
    assert ("x",) == free_names(parse(chain + "x"))
    assert ("k", "x") == free_names(parse(calls + "f1499(x)"))


@pytest.mark.parametrize(("typed", "name"), [("x₁", "x1"), ("θ", "θ"), ("ﬁ", "fi"), ("x_1", "x_1"), ("ℯ", "e")])
def test_a_given_name_is_folded_as_in_the_language(typed: str, name: str) -> None:
    assert name == fold_name(typed)


@pytest.mark.parametrize("typed", ["", "1x", "a b", "x²", "lambda", "a-b", "x.y", "x\u200b", "١"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(NameProblem, match="is not a name"):
        fold_name(typed)


def test_given_values_go_before_defaults_in_order_of_use() -> None:
    bound = bind(parse("w*x + b"), [("b", "1"), ("x", "2")], {"x": "9", "w": "3"})
    assert [("w", "3"), ("x", "2"), ("b", "1")] == list(bound.items())


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("w x b q", "the program has no name q", "its names: w, x, b"),
        ("w X b", "the program has no name X", "did you mean x?"),
        ("w x b h", "h cannot be given: the program assigns it before it is used", "its names"),
        ("x x", "x is given twice", "give it once"),
        ("x₁ x1", "x1 is given twice", "x₁ and x1 are the same name"),
        ("х", "the program has no name х", "U+0445 (CYRILLIC SMALL LETTER HA)"),
        ("w", "no value for x and b", ""),
        ("", "no value for w, x and b", ""),
    ],
)
def test_names_that_do_not_fit(given: str, message: str, hint: str) -> None:
    with pytest.raises(NameProblem) as caught:
        bind(parse("h = w*x; h + b"), [(name, "1") for name in given.split()])
    assert message == caught.value.message
    assert hint in caught.value.hint


def test_a_look_alike_in_the_program_is_told_by_its_code() -> None:
    with pytest.raises(NameProblem) as caught:
        bind(parse("2*а"), [("a", "1")])
    assert "in the program а is U+0430 (CYRILLIC SMALL LETTER A)" in caught.value.hint
    assert (2, 3) == caught.value.span


def test_missing_names_point_to_the_first_use() -> None:
    with pytest.raises(MissingValues) as caught:
        bind(parse("w*x + b"), [("w", "1")])
    assert (("x", "b"), (2, 3)) == (caught.value.names, caught.value.span)


@pytest.mark.parametrize(
    ("text", "given", "bound"),
    [
        ("pi*x", "π", {"pi": 3.0, "x": 3.0}),
        ("π*x", "pi", {"π": 3.0, "x": 3.0}),
        ("π*x", "π", {"π": 3.0, "x": 3.0}),
    ],
)
def test_pi_has_two_spellings(text: str, given: str, bound: dict[str, float]) -> None:
    assert bound == bind(parse(text), [(given, 3.0), ("x", 3.0)])


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [("pi*π", ["pi"], "two spellings"), ("pi*π", ["pi", "π"], "given twice"), ("pi", ["π", "pi"], "given twice")],
)
def test_both_spellings_of_pi(text: str, given: list[str], message: str) -> None:
    with pytest.raises(NameProblem, match=message) as caught:
        bind(parse(text), [(name, 3.0) for name in given])
    assert "one name" in caught.value.hint + caught.value.message


def test_missing_values_survive_pickling() -> None:
    with pytest.raises(MissingValues) as caught:
        bind(parse("x*y"), [("x", 1.0)])
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - made in the line itself
    assert (caught.value.names, str(caught.value)) == (again.names, str(again))
