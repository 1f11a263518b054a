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

FUNCTIONS = frozenset({"sin", "exp", "sum", "abs", "reshape", "range"})

# text, part of the message, the underlined text, part of the hint
REFUSED = [
    # nothing
    ("", "nothing to read", "", "w*x + b"),
    (" \n ", "nothing to read", " \n ", "w*x + b"),
    ("# only this", "but comments", "# only this", "w*x + b"),
    # text in quotes
    ("x + 'a'", "text in quotes", "'a'", "remove the quotes"),
    ('f"{x}" + 1', "text in quotes", 'f"{x}"', "remove the quotes"),
    ("b'x'", "text in quotes", "b'x'", "remove the quotes"),
    ('x + "a', "text in quotes", '"', "remove the quotes"),
    ("“x”", "text in quotes", "“", "remove the quotes"),
    ("f'(x)", "prime", "'", "grad(y, x)"),
    ("x′", "prime", "′", "grad(y, x)"),
    # numbers
    ("x + ١٢", "U+0661", "١", "1"),
    ("２*x", "U+FF12", "２", "2"),
    ("1.5.2", "1.5.2 is not a number", "1.5.2", "one decimal point"),
    ("012", "begin with 0", "012", "12"),
    ("0x1f + x", "decimal", "0x1f", "31"),
    ("0x_", "operator is missing", "0x_", "0*x_"),
    ("0b11", "decimal", "0b11", "3"),
    ("x*1e999", "too large", "1e999", "1.8e308"),
    ("9" * 5000, "too large", "9" * 5000, "1.8e308"),
    ("x" + "²" * 999, "too large", "²" * 999, "1.8e308"),
    ("x + 2j", "complex", "2j", "2*j"),
    ("½", "U+00BD", "½", "1/2"),
    ("x*1,5", "tuple", "x*1,5", "decimal point"),
    ("x = 1,5", "tuple", "1,5", "decimal point"),
    ("1if x else 2", "space is missing", "1if", "1 if"),
    # products without their sign
    ("2x", "operator is missing", "2x", "2*x"),
    ("2 x", "operator is missing", "2 x", "2*x"),
    ("y + 2 sin(x)", "operator is missing", "2 sin", "2*sin(x)"),
    ("3(x+1)", "operator is missing", "3(", "3*(x+1)"),
    ("(a)(b)", "operator is missing", ")(", "(a)*(b)"),
    ("(a + b) x", "operator is missing", ") x", "(a + b)*x"),
    ("(x)2", "operator is missing", ")2", "(x)*2"),
    ("f(x)(y)", "operator is missing", ")(", "f(x)*(y)"),
    ("x²y", "operator is missing", "²y", "x²*y"),
    ("x²3", "operator is missing", "²3", "x²*3"),
    ("x y", "operator is missing", "x y", "x*y"),
    ("2 3", "operator is missing", "2 3", "2*3"),
    ("2[0]", "operator is missing", "2[", "2*[0]"),
    ("sin x", "sin needs brackets", "sin x", "sin(x)"),
    ("1 + sin 2x", "sin needs brackets", "sin 2", "sin(2*x)"),
    ("sin²(x)", "after its brackets", "²(", "sin(x)**2"),
    ("sin^2(x + 1)", "after its brackets", "2(", "sin(x + 1)**2"),
    ("sin⁻¹(x)", "after its brackets", "⁻¹(", "asin"),
    ("for i range(3): x", "in is missing", "i range", "for i in range(3)"),
    ("print x", "print", "print x", "last expression"),
    ("let x = 3", "no word before", "let x", "x = 3"),
    # operators of other languages
    ("|x - y| + 1", "|…|", "|x - y|", "abs(x - y)"),
    ("a || b", "|| is not", "||", "a or b"),
    ("a | b", "| is not", "|", "a or b"),
    ("x // 2", "// is not", "//", "floor(x/y)"),
    ("x % 2", "% is not", "%", "floor(x/y)"),
    ("x << 2", "<< is not", "<<", "x*2**n"),
    ("a & b", "& is not", "&", "a and b"),
    ("a && b", "&& is not", "&&", "a and b"),
    ("~x", "~ is not", "~", "not x"),
    ("!x", "! is not", "!", "not x"),
    ("5! + 1", "factorial", "!", "prod"),
    ("a <> b", "<> is not", "<>", "!="),
    ("a => b", "=> is not", "=>", ">="),
    ("a === b", "=== is not", "===", "=="),
    ("(y := 3)", ":= is not", ":=", "line of its own"),
    ("def f(x) -> 3: return x", "-> is not", "->", "def f(x)"),
    ("x ? 1 : 2", "? is not", "?", "a if condition else b"),
    ("$x$", "$ is not", "$", "without $"),
    ("x + \\\ny", "backslash", "\\", "parentheses"),
    ("`x`", "backtick", "`", "without `"),
    ("{1}", "{ is not", "{", "( )"),
    ("√x", "√ is not", "√", "sqrt(x)"),
    ("a ≤ b", "≤ is not", "≤", "<="),
    ("x – y", "dash", "–", "-"),
    ("f（x）", "U+FF08", "（", "("),
    ("x + 😀", "GRINNING FACE", "😀", "delete it"),
    ("x\u0302 + \u0302", "U+0302", "\u0302", "delete it"),
    # superscripts and subscripts
    ("²x", "nothing before it", "²", "x²"),
    ("xⁿ", "superscript ⁿ", "ⁿ", "x**n"),
    ("Wᵀ @ x", "superscript ᵀ", "ᵀ", "W.T"),
    ("₁ + x", "no name before it", "₁", "x₁"),
    # hidden characters
    ("x\0", "U+0000 (NULL)", "\0", "delete it"),
    ("x\ud800", "U+D800", "\ud800", "delete it"),
    ("\x1b[31mx", "U+001B (ESCAPE)", "\x1b", "delete it"),
    ("x\u202ey", "RIGHT-TO-LEFT OVERRIDE", "\u202e", "delete it"),
    ("x\u200by", "ZERO WIDTH SPACE", "\u200b", "delete it"),
    ("x\ufe0f", "U+FE0F", "\ufe0f", "delete it"),
    ("x # \u202e", "RIGHT-TO-LEFT OVERRIDE", "\u202e", "delete it"),
    ("x\x0cy", "FORM FEED", "\x0c", "delete it"),
    # brackets
    ("sin(x", "never closed", "(", "add )"),
    ("(x + [1, 2)", "cannot close [", ")", "]"),
    ("x)", "closes nothing", ")", "remove it"),
    ("[1, 2", "never closed", "[", "add ]"),
    # missing values
    ("x +", "missing after +", "+", "x += 1"),
    ("x++", "missing after +", "+", "x += 1"),
    ("x + * y", "between + and *", "+", "remove one"),
    ("x * * y", "between * and *", "*", "x**y"),
    ("* x", "missing before *", "*", "before *"),
    ("(/ 2)", "missing before /", "/", "before /"),
    ("x and", "missing after and", "and", "after and"),
    ("x =", "missing after =", "=", "after ="),
    ("= 3", "missing before =", "=", "name = value"),
    ("f(, x)", "before this comma", ",", "remove the comma"),
    ("f(x,, y)", "before this comma", ",", "remove the comma"),
    ("a if b", "needs its else", "a if b", "a if condition else b"),
    ("a if b else", "missing after else", "else", "after else"),
    ("x * not y", "not cannot follow *", "not", "(not …)"),
    ("x.", "missing after .", ".", "x.T"),
    # = and ==
    ("if x = 3:\n  y", "= assigns", "x = 3", "=="),
    ("y = (x = 3)", "= assigns", "x = 3", "=="),
    ("x + 1 = 3", "= assigns", "x + 1", "=="),
    ("f(x) = x**2", "call cannot be assigned", "f(x)", "def f(x)"),
    # keywords
    ("lambda*x", "cannot be a name", "lambda", "lambda_"),
    ("x + lambda", "cannot be a name", "lambda", "lambda_"),
    ("in = 3", "cannot be a name", "in", "in_"),
    ("class", "cannot be a name", "class", "class_"),
    ("def if(x): return x", "cannot be a name", "if", "if_"),
    ("lambda x: x", "lambda is not", "lambda", "def f(x)"),
    ("import os", "import is not", "import", "without import"),
    ("from os import path", "from is not", "from", "without import"),
    ("class A: pass", "class is not", "class", "def f(x)"),
    ("with x: y", "with is not", "with", "@FILE"),
    ("try:\n x", "try is not", "try", "no exceptions"),
    ("global x", "global is not", "global", "return"),
    ("del x", "del is not", "del", "assigned again"),
    ("assert x", "assert is not", "assert", "# expect:"),
    ("yield", "yield is not", "yield", "tuple"),
    ("while x:\n  break", "break is not", "break", "condition"),
    ("while x:\n  continue", "continue is not", "continue", "under an if"),
    ("async def f(x): return x", "async is not", "async", "def f(x)"),
    ("x is y", "is is not", "is", "=="),
    ("x in y", "only in a for loop", "x in y", "=="),
    ("x not in y", "only in a for loop", "x not in y", "=="),
    # lines and blocks
    ("if x > 3\n  y = 2", "colon is missing", "\n", "end their first line with :"),
    ("if x:\ny", "indented block is missing", "y", "indent"),
    ("x\n  y", "without reason", " ", "line before"),
    ("else:\n  x", "else cannot stand here", "else", "may be missing"),
    # statements
    ("x[0] = 3", "element cannot be assigned", "x[0]", "concat"),
    ("x[0] += 3", "only a name", "x[0]", "concat"),
    ("x.T = 3", "attributes cannot be assigned", "x.T", "x = …"),
    ("[a, b] = x", "list cannot be assigned", "[a, b]", "a, b ="),
    ("a, (b, c) = x", "not nested", "(b, c)", "one level"),
    ("x: int = 3", "annotations", "x: int = 3", "x = 1"),
    ("return 3", "outside of a function", "return 3", "last expression"),
    ("def f(x): return", "gives nothing back", "return", "return x"),
    ("def f(x): x", "returns nothing", "def f(x): x", "return"),
    ("def f(x, x): return x", "two parameters", "x", "own name"),
    ("def f(x: int): return x", "annotations", "int", "def f(x)"),
    ("def f(*a): return 1", "plain names", "a", "def f(x, y)"),
    ("def f(x=y): return x", "default is a number", "y", "number"),
    ("if x:\n  def f(x): return x", "top of the program", "def f(x): return x", "out of the block"),
    ("@foo\ndef f(x): return x", "decorator", "foo", "@backward_of(f)"),
    ("@backward_of(f)\n@backward_of(g)\ndef h(x): return x", "at most one", "backward_of(g)", "backward_of"),
    ("for i in x: i\nelse: y", "no else", "y", "after the loop"),
    # expressions
    ("x.shape", ".shape is not", "x.shape", "x.T"),
    ("x.__class__", ".__class__ is not", "x.__class__", "x.T"),
    ("x.sum()", "no methods", "x.sum", "sum(x)"),
    ("np.sin(x)", "name alone", "np.sin", "sin(…)"),
    ("__class__ + 1", "Python's own", "__class__", "underscores"),
    ("__import__(x)", "Python's own", "__import__", "underscores"),
    ("f(*x)", "* before a value", "*x", "one by one"),
    ("f(**x)", "** before an argument", "**x", "axis=0"),
    ("f(axis=1, axis=2)", "given twice", "axis=2", "once"),
    ("[i for i in x]", "comprehensions", "[i for i in x]", "loop"),
    ("(a, b)", "tuple cannot stand here", "(a, b)", "[a, b]"),
    ("True", "True is only", "True", "1"),
    ("sum(x, False)", "False is only", "False", "keepdims=False"),
    ("None", "None stands only", "None", "x[:, None]"),
    ("...", "... stands only", "...", "x[..., 0]"),
]

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
