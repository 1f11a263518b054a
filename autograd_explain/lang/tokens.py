"""Cuts the text as typed into tokens, each with its normalised text and its place.

Refuses every character the language does not have. Must not know which tokens may stand side by side.
"""

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from autograd_explain.errors import LanguageError
from autograd_explain.lang import refused
from autograd_explain.lang.refused import Refusal
from autograd_explain.source import Span, is_hidden


class Token(NamedTuple):
    """One piece of the text: `text` as Python reads it, for the typed code points `[start, end)`.

    `kind` is one of name, keyword, number, power (the number of a superscript), operator, open, close,
    newline (also `;`), space, comment or end.
    """

    kind: str
    text: str
    start: int
    end: int


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_TIMES, _OVER, _MINUS = "·×⋅∗∙\u0387", "÷∕⁄", "−"  # the middle dot would be part of a name in Python
_SIGNS = {**dict.fromkeys(_TIMES, "*"), **dict.fromkeys(_OVER, "/"), _MINUS: "-"}
_ALIASES = {"^": "**", "^=": "**="} | {
    sign + tail: plain + tail for sign, plain in _SIGNS.items() for tail in ("", "=")
}
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DIGITS = r"[0-9](?:_?[0-9])*"
_PLAIN = ["**=", "...", "**", "<=", ">=", "==", "!=", "+=", "-=", "*=", "/=", "@=", *"+-*/@<>=.,:"]
_OPERATORS = sorted([*_PLAIN, *_ALIASES, *refused.OPERATORS], key=len, reverse=True)
_TOKEN = re.compile(
    rf"""
    (?P<newline>\r\n|\r|\n|;)
    |(?P<space>[ \t{_SPACES}]+)
    |(?P<comment>\#[^\r\n]*)
    |(?P<number>(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?)
    |(?P<power>[⁻⁺]?[⁰¹²³⁴-⁹]+)
    |(?P<operator>{"|".join(map(re.escape, _OPERATORS))})
    |(?P<open>[(\[])
    |(?P<close>[)\]])
    |(?P<quote>["'])
    |(?P<word>(?:[A-Za-z0-9_]|[^\x00-\x7f⁻⁺⁰¹²³⁴-⁹{"".join(_SIGNS)}{_SPACES}])+)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\b")
_FORBIDDEN_IN_COMMENTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_STRING_PREFIXES = frozenset({"r", "b", "u", "f", "t", "rb", "br", "rf", "fr", "rt", "tr"})


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, spaces and comments included, in order and without gaps.

    Raises `LanguageError`, with the span in `text`, at the first character or number outside the language.
    """
    start = 1 if text.startswith("\ufeff") else 0  # a byte order mark is the file's, not the program's
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text, start):
        tokens.extend(_READERS[match.lastgroup or "other"](match, tokens))
    return tokens


def _refuse(refusal: Refusal, start: int, end: int) -> NoReturn:
    raise LanguageError(refusal.message, span=Span(start, end), hint=refusal.hint)


def _as_is(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    return (Token(match.lastgroup or "", match.group(), match.start(), match.end()),)


def _newline(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    text = ";" if match.group() == ";" else "\n"
    return (Token("newline", text, match.start(), match.end()),)


def _space(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    text = match.group()
    plain = text if text.isascii() else re.sub(r"[^\t]", " ", text)
    return (Token("space", plain, match.start(), match.end()),)


def _comment(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    forbidden = _FORBIDDEN_IN_COMMENTS.search(match.group())
    if forbidden:
        _refuse_character(forbidden.group(), match.start() + forbidden.start())
    return (Token("comment", "", match.start(), match.end()),)


def _number(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    text, (start, end) = match.group(), match.span()
    other_base = _OTHER_BASE.match(match.string, start)
    if other_base:
        digits = other_base.group()
        hint = str(int(digits, 0)) if len(digits) < 16 else "write it in decimal"
        _refuse(Refusal("numbers are decimal", hint), start, other_base.end())
    _check_size(text, start, end)
    if len(text) > 1 and text[0] == "0" and text.replace("_", "").isdigit():
        _refuse(Refusal("a number does not begin with 0", text.lstrip("0_")[:30] or "0"), start, end)
    return (Token("number", text, start, end),)


def _check_size(text: str, start: int, end: int) -> None:
    if math.isinf(float(text)):
        _refuse(Refusal("this number is too large for float64", "the largest is about 1.8e308"), start, end)


def _power(match: re.Match[str], before: list[Token]) -> Iterable[Token]:
    start, end = match.span()
    if not before or before[-1].kind not in {"name", "number", "close"}:
        _refuse(
            Refusal(f"the exponent {match.group()} has nothing before it", f"x{match.group()}"), start, end
        )
    exponent = match.group().translate(_SUPERSCRIPTS)
    digits = exponent.lstrip("+-").lstrip("0") or "0"
    _check_size(digits, start, end)
    sign = [Token("operator", exponent[0], start, end)] if exponent[0] in "+-" else []
    return Token("operator", "**", start, end), *sign, Token("power", digits, start, end)


def _operator(match: re.Match[str], before: list[Token]) -> Iterable[Token]:
    text, (start, end) = match.group(), match.span()
    if text == "|":
        _refuse_bar(match)
    if text == "!" and before and before[-1].kind in {"name", "number", "close"}:
        _refuse(refused.FACTORIAL, start, end)
    if text in refused.OPERATORS:
        _refuse(refused.OPERATORS[text], start, end)
    return (Token("operator", _ALIASES.get(text, text), start, end),)


def _refuse_bar(match: re.Match[str]) -> None:
    """Refuse `|x|` as a whole, with its hint; `||` and a single bar are left to the table."""
    bars = re.compile(r"\|([^|\r\n]*)\|").match(match.string, match.start())
    if bars and bars.group(1).strip():
        hint = f"abs({bars.group(1).strip()})"
        _refuse(Refusal("|…| is not in the language", hint if len(hint) < 60 else "abs(…)"), *bars.span())
    if bars:
        _refuse(Refusal("|| is not in the language", "a or b"), *bars.span())


def _quote(match: re.Match[str], before: list[Token]) -> NoReturn:
    start = match.start()
    closing = re.compile(rf"{match.group()}[^\r\n]*?{match.group()}").match(match.string, start)
    word = before[-1] if before and before[-1].kind in {"name", "number", "close"} else None
    prefix = word is not None and word.text.lower() in _STRING_PREFIXES
    if word and not (prefix and closing):
        _refuse(refused.PRIME, start, start + 1)
    _refuse(refused.QUOTED, word.start if word else start, closing.end() if closing else start + 1)


def _word(match: re.Match[str], _: list[Token]) -> Iterable[Token]:
    text = match.group() if match.group().isascii() else _fold(match.group(), match.start())
    kind = "keyword" if keyword.iskeyword(text) else "name"
    return (Token(kind, text, match.start(), match.end()),)


def _fold(word: str, start: int) -> str:
    """Return a name as Python folds it (NFKC), subscripts as digits; refuse what no name holds."""
    plain = word.translate(_SUBSCRIPTS)
    for index, character in enumerate(plain):
        if not character.isascii():
            _check_letter(plain, index, start)
    if plain[0].isdigit():
        _refuse(Refusal("a subscript has no name before it", f"x{word[0]}"), start, start + 1)
    folded = unicodedata.normalize("NFKC", plain)
    # Marks cannot begin a name, and a few letters fold to a middle dot, which is an operator here.
    if not plain.isidentifier() or not folded.isidentifier() or any(sign in folded for sign in _TIMES):
        _refuse_character(word[0], start)
    return folded


def _check_letter(word: str, index: int, start: int) -> None:
    character, position = word[index], start + index
    if is_hidden(character) or not ("x" + character).isidentifier():
        _refuse_character(character, position)
    if unicodedata.decomposition(character).startswith("<super>"):
        plain = unicodedata.normalize("NFKC", character)
        name = word[:index] or "x"
        hint = f"the power is {name}**{plain}" + (f", the transpose {name}.T" if plain in "Tt" else "")
        _refuse(Refusal(f"the superscript {character} is not in the language", hint), position, position + 1)
    if index == 0 and unicodedata.category(character) == "Nd":
        _refuse_character(character, position)


def _other(match: re.Match[str], _: list[Token]) -> NoReturn:
    _refuse_character(match.group(), match.start())


def _refuse_character(character: str, position: int) -> NoReturn:
    """Refuse one character: by the table, as a foreign digit, or by its code and Unicode name."""
    refusal = refused.CHARACTERS.get(character) or _unknown(character)
    _refuse(refusal, position, position + 1)


def _unknown(character: str) -> Refusal:
    nameless = "lone surrogate" if unicodedata.category(character) == "Cs" else "without a name"
    name = refused.UNNAMED.get(character) or unicodedata.name(character, nameless)
    told = f"U+{ord(character):04X} ({name})"
    plain = "".join(_SIGNS.get(part, part) for part in unicodedata.normalize("NFKC", character))
    if unicodedata.category(character) == "Nd":
        return Refusal(f"{character} is not an ASCII digit: {told}", str(unicodedata.decimal(character)))
    if is_hidden(character):
        return Refusal(f"the invisible character {told} is not in the language", "delete it")
    if plain != character and plain.isascii() and plain.isprintable() and plain.strip():
        return Refusal(f"the character {character} is not in the language: {told}", plain)
    shown = "" if unicodedata.category(character).startswith("M") else f"{character} "
    return Refusal(f"the character {shown}is not in the language: {told}", "delete it")


_READERS: dict[str, Callable[[re.Match[str], list[Token]], Iterable[Token]]] = {
    "newline": _newline,
    "space": _space,
    "comment": _comment,
    "number": _number,
    "power": _power,
    "operator": _operator,
    "open": _as_is,
    "close": _as_is,
    "quote": _quote,
    "word": _word,
    "other": _other,
}
