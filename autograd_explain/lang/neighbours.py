"""Checks which tokens stand side by side, before Python's parser: a message of our own for each common slip.

Must not know the tree. Each rule reads two neighbouring tokens and returns the error, or None.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from autograd_explain.errors import LanguageError
from autograd_explain.lang.refused import KEYWORDS, STRAY_WORDS, Refusal
from autograd_explain.lang.tokens import Token
from autograd_explain.limits import Limits, exceeded
from autograd_explain.source import Span

_BINARY = frozenset({"*", "/", "**", "@", "<", "<=", ">", ">=", "==", "!="})
_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "/=", "**=", "@="})
_NEEDS_LEFT = _BINARY | _ASSIGNING | {"and", "or"}
_NEEDS_RIGHT = _NEEDS_LEFT | {"+", "-", "not", "if", "else", "elif", "while", "in", "."}
_INFIX = frozenset({"and", "or", "not", "if", "else", "in", "is", "for", "as"})
_VALUES = frozenset({"True", "False", "None"})
_ALONE = frozenset(
    {"pass", "return", "break", "continue", "yield", "raise", "try", "finally", "else", *_VALUES}
)
_PREFIXES = frozenset({"not", "lambda", "await", "yield", *_VALUES})
_OPERAND_ENDS = frozenset({"name", "number", "power", "close"})
_LINE_ENDS = frozenset({"newline", "end"})


@dataclass(frozen=True, slots=True)
class _Text:
    """The tokens that count, with the text they came from, partners of brackets and known functions."""

    typed: str
    tokens: Sequence[Token]
    partner: dict[int, int]
    functions: Collection[str]

    def slice(self, first: int, last: int) -> str:
        """Return the text as typed from token `first` to token `last`, or `…` where it is long."""
        text = self.typed[self.tokens[first].start : self.tokens[last].end]
        return text if len(text) <= 40 and "\n" not in text else "…"


_Rule = Callable[[_Text, int], LanguageError | None]


def check_neighbours(typed: str, tokens: Sequence[Token], functions: Collection[str], limits: Limits) -> None:
    """Raise the error of the first pair of tokens, or bracket, that no program holds.

    Raises `LanguageError`, or `LimitError` for brackets nested deeper than `limits.nesting`.
    """
    partner = _partners(tokens, limits)
    kept, places = _significant(tokens)
    kept.append(Token("end", "", len(typed), len(typed)))
    own = {places[first]: places[last] for first, last in partner.items()}
    text = _Text(typed, kept, own | {last: first for first, last in own.items()}, functions)
    for index in range(len(kept)):
        for rule in _RULES[kept[index].kind]:
            problem = rule(text, index)
            if problem:
                raise problem


def _significant(tokens: Sequence[Token]) -> tuple[list[Token], dict[int, int]]:
    """Return the tokens without spaces, comments and newlines in brackets, and the new index of each."""
    kept: list[Token] = []
    places: dict[int, int] = {}
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if token.kind in {"space", "comment"} or (depth and token.text == "\n"):
            continue
        places[index] = len(kept)
        kept.append(token)
    return kept, places


def _partners(tokens: Sequence[Token], limits: Limits) -> dict[int, int]:
    """Return the index of the closing bracket for each opening one."""
    partner: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "open":
            waiting.append(index)
            if len(waiting) > limits.nesting:
                raise exceeded("nesting", limits.nesting, "nested brackets", span=_span(token))
        elif token.kind == "close":
            _check_close(token, tokens[waiting[-1]] if waiting else None)
            partner[waiting.pop()] = index
    if waiting:
        token = tokens[waiting[-1]]
        message = f"this {token.text} is never closed"
        raise LanguageError(message, span=_span(token), hint=f"add {_closing(token)}")
    return partner


def _check_close(token: Token, opened: Token | None) -> None:
    if opened is None:
        message = f"this {token.text} closes nothing"
        raise LanguageError(message, span=_span(token), hint=f"remove it, or open it with {_opening(token)}")
    if _closing(opened) != token.text:
        message = f"this {token.text} cannot close {opened.text}"
        raise LanguageError(message, span=_span(token), hint=f"write {_closing(opened)} here")


def _closing(token: Token) -> str:
    return ")" if token.text == "(" else "]"


def _opening(token: Token) -> str:
    return "(" if token.text == ")" else "["


def _span(first: Token, last: Token | None = None) -> Span:
    return Span(first.start, (last or first).end)


def _pair(text: _Text, index: int) -> tuple[Token, Token]:
    """Return the token before `index` (a line's end at the very start) and the one at it."""
    before = text.tokens[index - 1] if index else Token("newline", "\n", 0, 0)
    return before, text.tokens[index]


def _foreign_keyword(text: _Text, index: int) -> LanguageError | None:
    """Keywords the language does not have, and keywords where only a name can stand."""
    before, token = _pair(text, index)
    if token.kind != "keyword":
        return None
    if _stands_as_name(before, token, text.tokens[index + 1]):
        message = f"{token.text} is a keyword and cannot be a name"
        return LanguageError(message, span=_span(token), hint=f"use another name, such as {token.text}_")
    refusal = KEYWORDS.get(token.text)
    return refusal and LanguageError(refusal.message, span=_span(token), hint=refusal.hint)


def _stands_as_name(before: Token, token: Token, after: Token) -> bool:
    """True where a keyword is assigned to, computed with, defined or closed in by brackets."""
    if before.text in {"def", "for"}:
        return True
    if token.text in _VALUES or (token.text in _INFIX and _ends_value(before)):
        return False
    if after.text in _ASSIGNING:
        return True
    if after.text in _BINARY or after.text == "," or after.kind == "close":
        return True
    if token.text == "lambda" and after.text in {"+", "-"}:
        return True
    takes_value = before.text in _NEEDS_RIGHT or before.text == "," or before.kind == "open"
    return after.kind in _LINE_ENDS and (token.text not in _ALONE or (takes_value and token.text != "yield"))


def _ends_value(token: Token) -> bool:
    return token.kind in _OPERAND_ENDS or token.text in _VALUES


def _missing_operand(text: _Text, index: int) -> LanguageError | None:
    """An operator without the value before it or after it."""
    before, token = _pair(text, index)
    alone = token.text in {"*", "/"} and before.text in {"(", ","} and text.tokens[index + 1].text in {",", ")"}
    if alone and _line_of(text, index).text == "def":
        message = "parameters are plain names: no stars and no slash"
        return LanguageError(message, span=_span(token), hint="def f(x, y): …")
    if _needs_right(before, token) and _is_no_operand(token):
        between = f"between {before.text} and {token.text}" if _needs_left(token) else f"after {before.text}"
        return LanguageError(
            f"a value is missing {between}", span=_span(before), hint=_after_hint(before, token)
        )
    if _needs_left(token) and _opens(before) and not _may_open(before, token):
        hint = "name = value" if token.text in _ASSIGNING else f"write a value before {token.text}"
        return LanguageError(f"a value is missing before {token.text}", span=_span(token), hint=hint)
    if token.text == "," and (before.text == "," or before.kind in {"open", *_LINE_ENDS}):
        hint = "remove the comma, or write a value before it"
        return LanguageError("a value is missing before this comma", span=_span(token), hint=hint)
    return None


def _line_of(text: _Text, index: int) -> Token:
    """The first token of the line that a token stands on."""
    while index and text.tokens[index - 1].kind != "newline":
        index -= 1
    return text.tokens[index]


def _needs_right(token: Token, after: Token) -> bool:
    if token.kind not in {"operator", "keyword"} or (token.text, after.text) in {
        ("not", "in"),
        ("else", ":"),
    }:
        return False
    return token.text in _NEEDS_RIGHT


def _after_hint(before: Token, token: Token) -> str:
    if before.text == token.text == "*":
        return "a power is written x**y"
    if before.text in {"+", "-"} and token.kind in _LINE_ENDS:
        return f"write a value after {before.text}; to count up: x += 1"
    if before.text == ".":
        return "the only attribute is the transpose, x.T"
    return "remove one of them" if _needs_left(token) else f"write a value after {before.text}"


def _needs_left(token: Token) -> bool:
    return token.kind in {"operator", "keyword"} and token.text in _NEEDS_LEFT


def _is_no_operand(token: Token) -> bool:
    if token.kind == "keyword":
        return token.text not in _PREFIXES and token.text not in KEYWORDS
    return token.kind in {"close", *_LINE_ENDS} or token.text in {",", ":"} or _needs_left(token)


def _opens(token: Token) -> bool:
    return token.kind in {"open", *_LINE_ENDS} or token.text in {",", ":"}


def _may_open(before: Token, token: Token) -> bool:
    """A decorator begins a line; star arguments are left to the fence, which has a better message."""
    if token.text == "@":
        return before.kind == "newline"
    return token.text in {"*", "**"} and (before.kind == "open" or before.text == ",")


def _not_as_operand(text: _Text, index: int) -> LanguageError | None:
    """`x * not y`: `not` binds less than every operator before it."""
    before, token = _pair(text, index)
    if token.text != "not" or before.text not in _BINARY | {"+", "-"}:
        return None
    message = f"not cannot follow {before.text} without brackets"
    return LanguageError(message, span=_span(token), hint=f"{before.text} (not …)")


def _juxtaposed(text: _Text, index: int) -> LanguageError | None:
    """Two values side by side: `2x`, `3(x+1)`, `sin x`, `)(`."""
    left, right = _pair(text, index)
    if not _are_two_values(left, right):
        return None
    refusal = next(filter(None, (reading(text, index) for reading in _READINGS)))
    return LanguageError(refusal.message, span=_span(left, right), hint=refusal.hint)


def _two_points(text: _Text, index: int) -> Refusal | None:
    left, right = _pair(text, index)
    if left.kind != "number" or right.kind != "number" or left.end != right.start:
        return None
    return Refusal(f"{text.slice(index - 1, index)} is not a number", "a number has one decimal point")


def _complex(text: _Text, index: int) -> Refusal | None:
    left, right = _pair(text, index)
    if left.kind != "number" or right.text not in {"j", "J"} or left.end != right.start:
        return None
    return Refusal("complex numbers are not in the language", f"{left.text}*{right.text}")


def _function_without_brackets(text: _Text, index: int) -> Refusal | None:
    name = text.tokens[index - 1]
    if name.kind != "name" or name.text not in text.functions:
        return None
    return Refusal(f"{name.text} needs brackets", f"{name.text}({_run(text, index)})")


def _stray_word(text: _Text, index: int) -> Refusal | None:
    word = text.tokens[index - 1]
    return STRAY_WORDS.get(word.text) if word.kind == "name" else None


def _loop_without_in(text: _Text, index: int) -> Refusal | None:
    if index < 2 or text.tokens[index - 2].text != "for":
        return None
    hint = f"for {text.tokens[index - 1].text} in {_operand(text, index)}"
    return Refusal("in is missing here", hint)


def _powered_function(text: _Text, index: int) -> Refusal | None:
    """`sin²(x)` for `sin(x)**2`, and `sin⁻¹(x)`, which has two readings."""
    exponent = text.tokens[index - 1].text
    call = _operand(text, index) if text.tokens[index].text == "(" else f"({_run(text, index)})"
    for sign in ([], ["-"]):
        at = index - 3 - len(sign)
        between = [token.text for token in text.tokens[at + 1 : index - 1]]
        function = text.tokens[at].text
        if at >= 0 and between == ["**", *sign] and function in text.functions:
            inverse = f"1/{function}{call}; inverse functions have their own names, such as asin"
            hint = inverse if sign else f"{function}{call}**{exponent}"
            return Refusal("the power of a function is written after its brackets", hint)
    return None


def _product(text: _Text, index: int) -> Refusal:
    left = text.slice(_operand_start(text, index - 1), index - 1)
    hint = f"{left}*{_operand(text, index)}"
    return Refusal("an operator is missing here; a product needs its *", hint)


_READINGS: tuple[Callable[[_Text, int], Refusal | None], ...] = (
    _two_points,
    _complex,
    _function_without_brackets,
    _stray_word,
    _loop_without_in,
    _powered_function,
    _product,
)
"""What two values side by side may have been meant as; the first that fits, the last always."""


def _are_two_values(left: Token, right: Token) -> bool:
    if left.kind not in _OPERAND_ENDS:
        return False
    if right.kind in {"name", "number"}:
        return True
    if right.text == "(":
        return left.kind != "name"
    return right.text == "[" and left.kind in {"number", "power"}


def _run(text: _Text, index: int) -> str:
    """Return the values side by side from `index` on, as a product (`sin 2x` means sin of 2*x)."""
    parts = [_operand(text, index)]
    for _ in range(3):
        index = _operand_end(text, index) + 1
        if not _are_two_values(*_pair(text, index)):
            break
        parts.append(_operand(text, index))
    return "*".join(parts)


def _operand(text: _Text, index: int) -> str:
    end = _operand_end(text, index)
    told = text.slice(index, end)
    return "(…)" if told == "…" and text.tokens[index].kind == "open" else told


def _operand_end(text: _Text, index: int) -> int:
    """Return the index of the last token of the value that begins at `index`."""
    end = text.partner.get(index, index)
    while text.tokens[end + 1].kind == "open" and text.tokens[end].kind in {"name", "close"}:
        if text.tokens[end].kind == "close" and text.tokens[end + 1].text == "(":
            break
        end = text.partner[end + 1]
    return end


def _operand_start(text: _Text, index: int) -> int:
    """Return the index of the first token of the value that ends at `index`, with its brackets and powers."""
    token = text.tokens[index]
    if token.kind == "power":
        signed = text.tokens[index - 1].text != "**"
        return _operand_start(text, index - 2 - signed)
    start = text.partner.get(index, index)
    return start - 1 if start < index and start and text.tokens[start - 1].kind == "name" else start


def _glued_keyword(text: _Text, index: int) -> LanguageError | None:
    """`1if x else 2`, which newer Pythons read and older ones do not."""
    left, right = _pair(text, index)
    if left.kind != "number" or right.kind != "keyword" or left.end != right.start:
        return None
    hint = f"{left.text} {right.text}"
    return LanguageError("a space is missing after this number", span=_span(left, right), hint=hint)


_RULES: dict[str, tuple[_Rule, ...]] = {
    "name": (_juxtaposed,),
    "number": (_juxtaposed,),
    "power": (),
    "open": (_juxtaposed,),
    "close": (_missing_operand,),
    "operator": (_missing_operand,),
    "newline": (_missing_operand,),
    "end": (_missing_operand,),
    "keyword": (_foreign_keyword, _missing_operand, _not_as_operand, _glued_keyword),
}
"""The rules that the second token of a pair can break, by its kind."""
