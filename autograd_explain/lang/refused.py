"""What the language refuses, as tables: characters, operators, keywords and tree nodes, with reason and hint.

Data only. Must not know how text is cut into tokens or how a tree is walked.
"""

import ast
from typing import NamedTuple


class Refusal(NamedTuple):
    """Why something is not in the language, and what to write instead."""

    message: str
    hint: str


OPERATORS: dict[str, Refusal] = {
    "//": Refusal("// is not in the language", "floor(x/y)"),
    "//=": Refusal("//= is not in the language", "x = floor(x/y)"),
    "%": Refusal("% is not in the language", "the remainder is x - y*floor(x/y)"),
    "%=": Refusal("%= is not in the language", "the remainder is x - y*floor(x/y)"),
    "<<": Refusal("<< is not in the language: values have no bits", "x*2**n"),
    "<<=": Refusal("<<= is not in the language: values have no bits", "x = x*2**n"),
    ">>": Refusal(">> is not in the language: values have no bits", "x/2**n"),
    ">>=": Refusal(">>= is not in the language: values have no bits", "x = x/2**n"),
    "&": Refusal("& is not in the language: values have no bits", "a and b"),
    "&&": Refusal("&& is not in the language", "a and b"),
    "&=": Refusal("&= is not in the language: values have no bits", "a and b"),
    "|": Refusal("| is not in the language", "a or b; the absolute value is abs(x)"),
    "|=": Refusal("|= is not in the language: values have no bits", "a or b"),
    "~": Refusal("~ is not in the language: values have no bits", "not x, or -x"),
    "<>": Refusal("<> is not in the language", "!="),
    "=>": Refusal("=> is not in the language", ">="),
    "=<": Refusal("=< is not in the language", "<="),
    "===": Refusal("=== is not in the language", "=="),
    "!==": Refusal("!== is not in the language", "!="),
    ":=": Refusal(":= is not in the language", "assign with = on a line of its own"),
    "->": Refusal(
        "-> is not in the language: functions are written without annotations", "def f(x): return x"
    ),
    "!": Refusal("! is not in the language", "not x"),
}
"""Operators that are cut as one token so that they can be refused as one."""

FACTORIAL = Refusal("the factorial ! is not in the language", "prod(arange(1, n + 1))")
PRIME = Refusal(
    "derivatives are not written with a prime", "the derivative of a value y by a name x is grad(y, x)"
)
QUOTED = Refusal(
    "text in quotes is not in the language: every value is a number or an array", "remove the quotes"
)

CHARACTERS: dict[str, Refusal] = {
    "{": Refusal("{ is not in the language: there are no sets or dictionaries", "group with ( )"),
    "}": Refusal("} is not in the language: there are no sets or dictionaries", "group with ( )"),
    "$": Refusal("$ is not in the language", "write the formula without $"),
    "?": Refusal("? is not in the language", "a choice is written a if condition else b"),
    "\\": Refusal("a backslash is not in the language", "a line continues inside parentheses: ( … )"),
    "`": Refusal("a backtick is not in the language", "write the formula without `"),
    "√": Refusal("√ is not in the language", "sqrt(x)"),
    "∛": Refusal("∛ is not in the language", "cbrt(x)"),
    "∑": Refusal("∑ is not in the language", "sum(x)"),
    "∏": Refusal("∏ is not in the language", "prod(x)"),
    "∂": Refusal("∂ is not in the language", "the derivative of a value y by a name x is grad(y, x)"),
    "∇": Refusal("∇ is not in the language", "the derivative of a value y by a name x is grad(y, x)"),
    "∫": Refusal("∫ is not in the language", "a sum of many small parts can stand for an integral"),
    "∞": Refusal("∞ is not in the language", "use a large number, or give a name that value"),
    "≤": Refusal("≤ is not in the language", "<="),
    "≥": Refusal("≥ is not in the language", ">="),
    "≠": Refusal("≠ is not in the language", "!="),
    "≈": Refusal("≈ is not in the language", "abs(a - b) < 1e-9"),
    "∧": Refusal("∧ is not in the language", "a and b"),
    "∨": Refusal("∨ is not in the language", "a or b"),
    "¬": Refusal("¬ is not in the language", "not a"),
    "∈": Refusal("∈ is not in the language", "for i in range(n): …"),
    "→": Refusal("→ is not in the language", "assign with ="),
    "←": Refusal("← is not in the language", "assign with ="),
    "±": Refusal("± is not in the language: an expression has one value", "write two expressions"),
    "∘": Refusal("∘ is not in the language", "f(g(x))"),
    "⊙": Refusal("⊙ is not in the language", "* multiplies element by element"),
    "⊤": Refusal("⊤ is not in the language", "the transpose is x.T"),
    "°": Refusal("° is not in the language: angles are in radians", "x*pi/180"),
    **dict.fromkeys("‐‑‒–—", Refusal("this dash is not a minus sign", "-")),
    **dict.fromkeys("“”„‘’«»", QUOTED),
    **dict.fromkeys("′″", PRIME),
}
"""Characters with a meaning elsewhere; any other unknown one is told by its code and Unicode name."""

STRAY_WORDS: dict[str, Refusal] = {
    "print": Refusal("print is not in the language", "the last expression is the result and is shown"),
    "match": Refusal("match is not in the language", "if … elif … else"),
    **dict.fromkeys(("let", "var", "const", "type"), Refusal("an assignment has no word before it", "x = 3")),
}
"""Words of other languages that begin a statement; as a name each of them is free."""

UNNAMED = {
    "\x00": "NULL",
    "\x07": "BELL",
    "\x08": "BACKSPACE",
    "\x0b": "LINE TABULATION",
    "\x0c": "FORM FEED",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}
"""Names of control characters, which `unicodedata.name` does not give."""

_NO_OBJECTS = "a function is written def f(x): return …"
_NO_ERRORS = "a program has no exceptions: leave the line out"
_SCOPES = "names of a program are visible in its functions; return what a function computes"
_LOOPS = "end a loop by its condition: while condition: …"

KEYWORDS: dict[str, Refusal] = {
    "import": Refusal(
        "import is not in the language", "all functions are there without import: write sin(x)"
    ),
    "from": Refusal("from is not in the language", "all functions are there without import: write sin(x)"),
    "as": Refusal("as is not in the language", "assign with ="),
    "lambda": Refusal("lambda is not in the language", _NO_OBJECTS),
    "class": Refusal("class is not in the language", _NO_OBJECTS),
    "async": Refusal("async is not in the language", _NO_OBJECTS),
    "await": Refusal("await is not in the language", "call the function: f(x)"),
    "yield": Refusal("yield is not in the language", "return a value, or several as a tuple"),
    "global": Refusal("global is not in the language", _SCOPES),
    "nonlocal": Refusal("nonlocal is not in the language", _SCOPES),
    "with": Refusal("with is not in the language", "a program opens no files: give values as --name @FILE"),
    "try": Refusal("try is not in the language", _NO_ERRORS),
    "except": Refusal("except is not in the language", _NO_ERRORS),
    "finally": Refusal("finally is not in the language", _NO_ERRORS),
    "raise": Refusal("raise is not in the language", _NO_ERRORS),
    "assert": Refusal("assert is not in the language", "an expected value is written # expect: w = 6"),
    "del": Refusal("del is not in the language", "a name may simply be assigned again"),
    "break": Refusal("break is not in the language", _LOOPS),
    "continue": Refusal("continue is not in the language", "put the rest of the loop under an if"),
    "is": Refusal("is is not in the language", "compare with =="),
}
"""Keywords of Python that no program of the language holds."""

_COMPREHENSION = Refusal(
    "comprehensions are not in the language", "write a loop, or use whole arrays: sum(x*x)"
)
_BRACES = Refusal("sets and dictionaries are not in the language", "[a, b] is an array")
_TEXT = Refusal("text in quotes is not in the language", "every value is a number or an array")

NODES: dict[type[ast.AST], Refusal] = {
    ast.AnnAssign: Refusal("annotations are not in the language", "x = 1"),
    ast.NamedExpr: Refusal(":= is not in the language", "assign with = on a line of its own"),
    ast.Starred: Refusal("* before a value is not in the language", "write the values one by one"),
    ast.Lambda: KEYWORDS["lambda"],
    ast.ListComp: _COMPREHENSION,
    ast.SetComp: _COMPREHENSION,
    ast.DictComp: _COMPREHENSION,
    ast.GeneratorExp: _COMPREHENSION,
    ast.Set: _BRACES,
    ast.Dict: _BRACES,
    ast.JoinedStr: _TEXT,
    ast.FormattedValue: _TEXT,
    ast.Import: KEYWORDS["import"],
    ast.ImportFrom: KEYWORDS["from"],
    ast.ClassDef: KEYWORDS["class"],
    ast.AsyncFunctionDef: KEYWORDS["async"],
    ast.AsyncFor: KEYWORDS["async"],
    ast.AsyncWith: KEYWORDS["async"],
    ast.Await: KEYWORDS["await"],
    ast.Yield: KEYWORDS["yield"],
    ast.YieldFrom: KEYWORDS["yield"],
    ast.Global: KEYWORDS["global"],
    ast.Nonlocal: KEYWORDS["nonlocal"],
    ast.With: KEYWORDS["with"],
    ast.Try: KEYWORDS["try"],
    ast.TryStar: KEYWORDS["try"],
    ast.Raise: KEYWORDS["raise"],
    ast.Assert: KEYWORDS["assert"],
    ast.Delete: KEYWORDS["del"],
    ast.Break: KEYWORDS["break"],
    ast.Continue: KEYWORDS["continue"],
    ast.Match: STRAY_WORDS["match"],
}
"""Nodes of Python's tree that no program of the language holds; most are met as tokens before."""
