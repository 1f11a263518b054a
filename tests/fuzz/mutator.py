"""Inputs made of others: tokens deleted, doubled, swapped, spliced, nested, and hostile ones put in.

The same number gives the same input. Must not know what inputs are for.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

Tokens = list[str]
_TOKEN = re.compile(r"[^\W\d]\w*|\d+\.?\d*(?:[eE][+-]?\d+)?|\s|\*\*|[<>=!]=|\W")
_EDITS_EACH = (1, 1, 1, 2, 2, 3, 5)
_LONGEST = 6_000  # characters

CHARACTERS = (
    "\0", "\x07", "\x1b[31m", "\x1b]0;t\x07", "\x9b31m", "\x7f", "\x85", "\x0b", "\r", "\u2028", "\u200b", "\u200d",
    "\u202e", "\u2066", "\ufeff", "\u00ad", "\ud800", "\udfff", "\ufe0f", "\U000e0041", "\U0001f600",
    "\N{CYRILLIC SMALL LETTER HA}", "\N{GREEK QUESTION MARK}", "\N{FULLWIDTH SEMICOLON}", "\N{KELVIN SIGN}",
    "\N{MICRO SIGN}", "\N{FULLWIDTH LATIN SMALL LETTER X}", "x\N{COMBINING ACUTE ACCENT}", "ﬁ", "ſ", "²", "₁", "·",
    "×", "−", "÷", "π", "σ", "١٢", "½", "[bold]", "[/]", ":x:", "\\", "'", '"', "`", "$", "?", "!", "#", "\t", "\n",
    "\n ", "\n    ", ";", "\\\n",
)  # fmt: skip
PYTHON = (
    ".__class__", ".__bases__", ".__subclasses__()", "__builtins__", "__import__('os')",
    "__import__('os').system('true')", "eval('1')", "exec('x=1')", "compile('1', '', 'eval')",
    "open('canary.txt').read()", "open('canary.txt', 'w')", "import os", "from os import *", "lambda: x",
    "lambda t: t", "(y := x)", "[i for i in x]", "{i: i}", "{1, 2}", "*x", "**x", 'f"{x}"', '"a"', "b'a'", "1j",
    ".real", ".T", ".T.T", "global x", "yield x", "raise x", "try: x\nexcept: x", "with x: x", "match x:\n case 1: x",
    "class A: x", "del x", "assert x", "x: int = 3", "async def f(): pass", "await x", "nonlocal x", "print(x)",
    "getattr(x, T)", "globals()", "type x = 1", "None", "True", "...", "_", "__x__", "not", "and", "or", "if", "else",
    "elif", "for", "while", "in", "is", "def", "return", "pass", "break", "continue", "range", "@backward_of(f)\n",
    "def f(t): return t\n", "while 1: ", "for i in range(3): ", "grad(x, x)", "len(x)", "detach(x)", "f(x)", "x[0]",
    "x[None]", "x[...]", "x[::-1]", "x[:, 1]", "x[x]", "(1, 2)", "[[1, 2], [3, 4]]", "[]", "()", "[[]]",
)  # fmt: skip
NUMBERS = (
    "0", "-0.0", "1e308", "1e-308", "5e-324", "1e309", "1e999999", "9" * 400, "0.1", "1_000", "0x10", "0b1", "00",
    "1e", "1.2.3", ".5", "5.", "9**9**9**9", "10**12", "0/0", "1/0", "-1/0", "nan", "inf", "-inf", "Infinity", "NaN",
    "-1", "2", "0.5", "1e5", "zeros(0)", "zeros(0, 3)", "ones(2, 0)", "ones(3)", "ones(2, 2)", "zeros(10**9)",
    "randn(2)", "arange(3)", "eye(2)", "full((1,)*40, 1)", "1000000", "12345678901234567890",
)  # fmt: skip
HOSTILE = CHARACTERS + PYTHON + NUMBERS
_BRACKETS = (
    ("(", ")"), ("[", "]"), ("sin(", ")"), ("-", ""), ("not ", ""), ("x if ", " else x"), ("", "[0]"), ("", ".T"),
    ("2**", ""),
)  # fmt: skip
_TREES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, 1e308, -1e308, 5e-324, 10**30, 10**400, "", "x", "nan", "inf", "-inf", "\0",
    "\ud800", "x*y", "1e999", "(" * 300, "__import__('os')", "a" * 300, [], [[]], [1, 2], [[1, 2], [3]], [[[[1]]]], {},
    {"x": 1}, {"": {}},
)  # fmt: skip


def dice_for(seed: int, number: int) -> random.Random:
    """The dice of one input: the same for the same two numbers."""
    return random.Random(f"{seed} {number}")  # noqa: S311 - nothing here is a secret


def text_mutant(dice: random.Random, seeds: Sequence[str]) -> str:
    """A text made of one of the seeds by a few edits."""
    tokens = _TOKEN.findall(dice.choice(seeds))
    for _ in range(dice.choice(_EDITS_EACH)):
        tokens = dice.choice(_EDITS)(dice, tokens, seeds)
    return "".join(tokens)[:_LONGEST]


def _part(dice: random.Random, tokens: Tokens, most: int = 12) -> tuple[int, int]:
    start = dice.randint(0, len(tokens))
    return start, min(len(tokens), start + dice.randint(0, most))


def _delete(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    start, stop = _part(dice, tokens)
    return tokens[:start] + tokens[stop:]


def _repeat(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    start, stop = _part(dice, tokens)
    return tokens[:start] + tokens[start:stop] * dice.choice((2, 2, 3, 40)) + tokens[stop:]


def _swap(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    if not tokens:
        return tokens
    one, other = dice.randrange(len(tokens)), dice.randrange(len(tokens))
    swapped = list(tokens)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    return swapped


def _splice(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    other = _TOKEN.findall(dice.choice(seeds))
    start, stop = _part(dice, other, 30)
    at, after = _part(dice, tokens, 4)
    return tokens[:at] + other[start:stop] + tokens[after:]


def _insert(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    at, after = _part(dice, tokens, 1)
    return [*tokens[:at], dice.choice(HOSTILE), *tokens[after:]]


def _nest(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    before, behind = dice.choice(_BRACKETS)
    times = dice.choice((1, 1, 2, 30, 100, 400))
    start, stop = _part(dice, tokens)
    return [*tokens[:start], before * times, *tokens[start:stop], behind * times, *tokens[stop:]]


def _number(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    """Another number where one stands."""
    places = [place for place, token in enumerate(tokens) if token[:1].isdigit()]
    if not places:
        return _insert(dice, tokens, seeds)
    place = dice.choice(places)
    return [*tokens[:place], dice.choice(NUMBERS), *tokens[place + 1 :]]


def _name(dice: random.Random, tokens: Tokens, seeds: Sequence[str]) -> Tokens:
    """Another name where one stands, from one of the seeds."""
    places = [place for place, token in enumerate(tokens) if token.isidentifier()]
    others = [token for token in _TOKEN.findall(dice.choice(seeds)) if token.isidentifier()]
    if not places or not others:
        return _swap(dice, tokens, seeds)
    place = dice.choice(places)
    return [*tokens[:place], dice.choice(others), *tokens[place + 1 :]]


_EDITS: tuple[Callable[[random.Random, Tokens, Sequence[str]], Tokens], ...] = (
    _delete, _repeat, _swap, _splice, _splice, _insert, _insert, _nest, _number, _name, _name,
)  # fmt: skip


def bytes_mutant(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Bytes made of a seed: some changed, some left out, some from another seed."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice(_EDITS_EACH)):
        start = dice.randint(0, min(len(data), dice.choice((12, 130, 10**6))))
        stop = start + dice.choice((0, 1, 1, 2, 8, 60))
        other = dice.choice(seeds)
        at = dice.randint(0, len(other))
        data[start:stop] = dice.choice((dice.randbytes(stop - start), b"", other[at : at + 20], b"\0", b"\xff"))
    return bytes(data)


def tree_mutant(dice: random.Random, seeds: Sequence[bytes]) -> bytes:
    """JSON made of a seed: a part of its tree replaced, left out, doubled, or put somewhere else."""
    tree = json.loads(dice.choice(seeds))
    for _ in range(dice.randint(1, 3)):
        holder, key = _place(dice, tree)
        if holder is None:
            return json.dumps(dice.choice(_TREES)).encode()
        other, place = _place(dice, tree)
        kind = dice.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and other is not None:
            holder[key] = deepcopy(other[place])
        elif kind == 2 and isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        elif kind == 3 and isinstance(holder[key], str):
            holder[key] = text_mutant(dice, [holder[key]])
        else:
            holder[key] = deepcopy(dice.choice(_TREES))
    return json.dumps(tree).encode()


def _place(dice: random.Random, tree: Any) -> tuple[Any, Any]:
    """A random place of a tree: what holds it and its key there; None for the root."""
    holder, key, part = None, None, tree
    while isinstance(part, (dict, list)) and part and (holder is None or dice.random() < 0.9):
        holder, key = part, dice.choice(list(part)) if isinstance(part, dict) else dice.randrange(len(part))
        part = holder[key]
    return holder, key
