"""What the language reads and refuses: messages, underlined text, hints, and ways back to typed text."""

import ast
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd_explain.errors import ExplainError, LanguageError, LimitError
from autograd_explain.lang import fence
from autograd_explain.lang.parse import Parsed, parse
from autograd_explain.lang.refused import NODES
from autograd_explain.limits import Limits
from autograd_explain.source import Span
from tests.lang.refusals import REFUSED

FUNCTIONS = frozenset({"sin", "exp", "sum", "abs", "reshape", "range"})

ACCEPTED = [
    "(1 - sigmoid(w*x + b))**2",
    "a = b = 1; a, b = b, a\na @ b",
    "x[0] + x[:, 1] + x[None, ..., ::2] + E[ids] + E[[0, 2]]",
    "sum(x, axis=None, keepdims=True) + reshape(x, (2, -1)) + reshape(x, ())",
    "1 if a < b <= c != d and not e or f else 2",
    "x.T @ x.T.T",
    "def f(x, slope=-0.1):\n  if x > 0: return x\n  else: return slope*x\nf(1)",
    "@backward_of(f)\ndef g(upstream, out, t): return upstream, t",
    "for i, j in x:\n  pass\nwhile x > 3:\n  x /= 2; x **= 2; x @= y",
    "  a = 1\n  b = f(a,\n 2)\n\n# comment\n  a + b",
    "\ufeffx\r\ny\rz",
    "σ(π) + ζ₁ + x̂ # 😀\u200d",
    "x\u00a0+\u3000y",
    "1_000 + .5 + 1. + 1e-5",
    "print + type + match + _",
    "not not x",
    "x;",
]


def refusal(text: str, limits: Limits | None = None) -> ExplainError:
    with pytest.raises(ExplainError) as caught:
        parse(text, FUNCTIONS, limits or Limits())
    return caught.value


@pytest.mark.parametrize(("text", "message", "underlined", "hint"), REFUSED, ids=lambda part: repr(part)[:30])
def test_refused(text: str, message: str, underlined: str, hint: str) -> None:
    error = refusal(text)
    assert LanguageError is type(error)
    assert message in error.message
    assert error.span is not None
    assert underlined == text[slice(*error.span)]
    assert hint in error.hint
    assert error.source is not None
    assert text == error.source.text


def test_the_table_of_refusals_is_long_enough() -> None:
    assert len(REFUSED) >= 80


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str) -> None:
    assert text == parse(text, FUNCTIONS).source.text


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2*x^2", "2*x**2"),
        ("x ^= 2", "x **= 2"),
        ("x²³", "x**23"),
        ("x⁻¹", "x**-1"),
        ("f(x)² + 2²", "f(x)**2 + 2**2"),
        ("x₁² · y", "x1**2 * y"),
        ("a×b÷c−d", "a*b/c-d"),
        ("w·x", "w*x"),
        ("w ·= 2", "w *= 2"),
        ("π·σ", "π*σ"),
        ("ｘ + ﬁ", "x + fi"),
        ("µ", "μ"),
        ("x\u00a0+\u2003y", "x + y"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("  a\n    # no\n  b", "a\n\nb"),
        ("x # no", "x"),
    ],
)
def test_normalised_text(text: str, normal: str) -> None:
    found = [line.rstrip() for line in parse(text).positions.text.split("\n")]
    assert normal.split("\n") == found


def test_powers_keep_pythons_precedence() -> None:
    assert ast.dump(ast.parse("-x**2**y*2")) == ast.dump(parse("-x^2^y·2").tree)


def named(parsed: Parsed) -> dict[str, Span]:
    return {node.id: parsed.span(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.Name)}


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("a^2 + bb^c", {"a": "a", "bb": "bb", "c": "c"}),
        ("a² + bb", {"a": "a", "bb": "bb"}),
        ("a₁^2·bb", {"a1": "a₁", "bb": "bb"}),
        ("π·σ²·xx", {"π": "π", "σ": "σ", "xx": "xx"}),
        ("a # 😀 π^2\n+b; c^2·σσ", {"a": "a", "b": "b", "c": "c", "σσ": "σσ"}),
        ("  π\n  ﬁx^2 + q", {"π": "π", "fix": "ﬁx", "q": "q"}),
        ("\ufeffα\r\nβ\rγ", {"α": "α", "β": "β", "γ": "γ"}),
        ("(π^2 # 😀\n + ω)", {"π": "π", "ω": "ω"}),
    ],
)
def test_spans_of_names_lead_back_to_the_text_as_typed(text: str, typed: dict[str, str]) -> None:
    assert typed == {name: text[slice(*span)] for name, span in named(parse(text)).items()}


@pytest.mark.parametrize(
    ("text", "typed", "normal"),
    [
        ("1 + πx^2", "πx^2", "πx**2"),
        ("1 + πx²", "πx²", "πx**2"),
        ("1 + x₁²³", "x₁²³", "x1**23"),
        ("1 + (σ\n ^ 2)", "σ\n ^ 2", "σ ** 2"),
    ],
)
def test_span_and_text_of_an_operation(text: str, typed: str, normal: str) -> None:
    parsed = parse(text)
    statement = parsed.tree.body[0]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.BinOp)
    assert typed == text[slice(*parsed.span(statement.value.right))]
    assert normal == parsed.text_of(statement.value.right)


def test_the_constant_of_a_superscript_is_the_superscript() -> None:
    parsed = parse("π + x²³")
    constant = next(node for node in ast.walk(parsed.tree) if isinstance(node, ast.Constant))
    assert "²³" == "π + x²³"[slice(*parsed.span(constant))]
    assert "23" == parsed.text_of(constant)


def test_the_module_spans_the_whole_text() -> None:
    assert Span(0, 7) == parse(" x + 1 ").span(parse("x").tree)


NESTED = {
    "brackets": "(" * 180 + "x" + ")" * 180,
    "calls": "sin(" * 180 + "x" + ")" * 180,
    "sums": "1+(" * 180 + "x" + ")" * 180,
    "horner": "1+x*(" * 180 + "x" + ")" * 180,
    "signed calls": "exp(-" * 180 + "x" + ")" * 180,
    "signs": "-" * 180 + "x",
    "a sum of 1,000 terms": "+".join(["x"] * 1000),
    "1,000 elifs": "if x:\n  y = 1\n" + "elif x:\n  y = 2\n" * 1000,
    "5,000 statements": "\n".join(["x = x + 1"] * 5000),
    "a long list": "[" + ",".join(["1"] * 20000) + "]",
}

TOO_DEEP = {
    "brackets": "(" * 181 + "x" + ")" * 181,
    "unclosed brackets": "(" * 100_000,
    "signs": "-" * 200 + "x",
    "many signs": "-" * 100_000 + "x",
    "powers": "**".join(["x"] * 200),
    "negations": "not " * 200 + "x",
    "choices": "x if y else " * 200 + "z",
    "transposes": "x" + ".T" * 200,
    "indices": "x" + "[0]" * 200,
    "a very long sum": "+".join(["x"] * 50_000),
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED.keys())
def test_deep_enough(text: str) -> None:
    assert text == parse(text).source.text


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP.keys())
def test_too_deep(text: str) -> None:
    error = refusal(text)
    assert LimitError is type(error)
    assert error.span is not None
    assert len(str(error)) < 1000


def test_limits_can_be_set() -> None:
    assert "((x))" == parse("((x))", limits=Limits(nesting=2)).source.text
    assert "more than 1 nested brackets" == refusal("((x))", Limits(nesting=1)).message
    assert "--limit nesting=N raises it" == refusal("((x))", Limits(nesting=1)).hint
    assert "more than 3 characters of text" == refusal("x + y", Limits(text=3)).message
    assert "--limit text=N raises it" == refusal("x + y", Limits(text=3)).hint


def test_more_brackets_than_pythons_parser_reads_are_a_clear_error() -> None:
    text = "(" * 400 + "x" + ")" * 400
    error = refusal(text, Limits(nesting=1000))
    assert LimitError is type(error)
    assert "Python's parser" in error.message


@pytest.mark.parametrize(
    "text",
    ["a: int = 1", "(a := 1)", "f(*a)", "lambda: 1", "[a for a in b]", "{1}", "{1: 2}", "f'{a}'", "import a",
     "class A: pass", "async def f(): pass", "with a: pass", "try: pass\nfinally: pass", "raise a",
     "assert a", "del a", "a = b'x'", "a << b", "~a", "a is b", "1j",
     "match a:\n  case 1: pass", "def f(): yield 1"],
)  # fmt: skip
def test_the_fence_stands_without_the_checks_of_tokens(text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        fence.check(ast.parse(text), lambda node: Span(0, 1))
    assert Span(0, 1) == caught.value.span
    assert caught.value.hint


def test_every_expression_and_statement_of_python_has_its_row() -> None:
    kinds = {kind for base in (ast.expr, ast.stmt) for kind in base.__subclasses__()}
    newer = {"TypeAlias", "TemplateStr", "Interpolation"}  # refused by the row for unknown nodes
    assert set() == {kind.__name__ for kind in kinds - fence.TABLE.keys()} - newer
    assert set(NODES) < set(fence.TABLE)


PIECES = [
    "x", "π", "2", "1.5", "sin", "x₁", "²", "(", ")", "[", "]", "+", "-", "*", "/", "^", "**", "@", "=",
    "==", "<", ",", ":", ";", ".", "...", ".T", " ", "\n", "  ", "\t", "if ", "else", "for ", " in ",
    "def f(x):", "return ", "not ", "and ", "lambda", "None", "True", "#", "'", "|", "!", "\\", "·",
    "😀", "\u202e", "{", "0", "e", "j", "_", "while ", "pass", "@backward_of(f)\n",
]  # fmt: skip


def is_a_clear_refusal(error: ExplainError, text: str) -> None:
    assert error.span is None or 0 <= error.span.start <= error.span.end <= len(text)
    assert error.hint
    assert str(error).encode()


def reads_or_refuses(text: str) -> None:
    started = time.process_time()
    try:
        parsed = parse(text, FUNCTIONS)
    except ExplainError as error:
        is_a_clear_refusal(error, text)
    else:
        for node in ast.walk(parsed.tree):
            start, end = parsed.span(node)
            assert 0 <= start <= end <= len(text)
            parsed.text_of(node)
    assert time.process_time() - started < 5


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    reads_or_refuses(text)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_row_of_pieces_is_read_or_refused(text: str) -> None:
    reads_or_refuses(text)
