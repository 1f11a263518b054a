"""How an operation is written in one library: a table of texts, and the few functions that no library has.

A text is a format string over the operation's own arguments (`{x}`, `{a}`) and options (`{slope}`), or a function
of a `Use` where shapes decide. Arithmetic is written by the operations' own layouts, which are Python's.
"""

from __future__ import annotations

import ast
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.notation import (
    ATOM,
    MULTIPLY,
    Infix,
    Power,
    Prefix,
    Style,
    Written,
    exact_number,
    wrapped,
    write,
)
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import Shape, normal_axes

_ARITHMETIC = {"add", "sub", "mul", "div", "pow", "neg", "matmul", "dot"}
_BY_LAYOUT = _ARITHMETIC | {"lt", "le", "gt", "ge", "eq", "ne", "index"}
_PRODUCT = Infix("@", MULTIPLY)
LINE = 100  # columns; longer literals are broken over lines


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument as a text knows it: `{x}` is its text, the attributes are other ways to write it."""

    written: Written
    shape: Shape
    library: Library
    literal: bool = False

    def __str__(self) -> str:
        return self.written.text

    def __format__(self, spec: str) -> str:
        return self.written.text

    @property
    def atom(self) -> str:
        """The text so that a method can be called on it."""
        return f"({self.written.text})" if self.literal else wrapped(self.written, ATOM)

    @property
    def float(self) -> str:
        """The text with a point in it where it is a whole number."""
        text = self.written.text
        return f"{text}.0" if self.literal and text.lstrip("-").isdigit() else text

    @property
    def tensor(self) -> str:
        """The text as something that has a shape and a dtype."""
        return f"{self.library.scalar}({self.float})" if self.literal else self.written.text

    @property
    def rank(self) -> int:
        """How many axes the value has."""
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an operation: its arguments, its options, and the shape it comes to."""

    op: Op
    args: tuple[Arg, ...]
    options: Mapping[str, Any]
    shape: Shape
    library: Library
    texts: Mapping[str, str]

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are reduced, none of them negative; all where none is named."""
        return normal_axes(self.options.get("axis"), self.args[0].rank)

    @property
    def keeps(self) -> bool:
        """Whether the reduced axes stay with size 1."""
        return bool(self.options.get("keepdims", False))

    def shown(self, shape: Shape) -> str:
        """A shape as a tuple."""
        return repr(tuple(shape))


Form = str | Callable[[Use], str]


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a run can be written in. `array` and `scalar` make its values from numbers."""

    name: str
    prefix: str
    array: str
    scalar: str
    forms: Mapping[str, Form]
    helpers: Mapping[str, str]
    index: Callable[[Use], str]
    integers: str
    """How whole numbers for indexing are made, with `{}` for the list of them."""

    @property
    def style(self) -> Style:
        """How its numbers are written."""
        return Style(number=self.number)

    def has(self, op: Op) -> bool:
        """Whether there is a text for this operation."""
        return op.name in self.forms or op.name in _BY_LAYOUT

    def number(self, value: float) -> str:
        """A number that reads back as the same float; whole numbers without a point."""
        if math.isnan(value):
            return f"{self.prefix}.nan"
        if math.isinf(value):
            return f"{self.prefix}.inf" if value > 0 else f"-{self.prefix}.inf"
        return exact_number(value) if value or math.copysign(1.0, value) > 0 else "-0.0"

    def array_text(self, value: Any) -> str:
        """An array as the library makes it from a nested list."""
        if 0 in np.shape(value):
            return f"{self.prefix}.zeros({np.shape(value)!r})"
        return f"{self.array}({nested(value.tolist(), self._entry, len(self.array) + 1)})"

    def _entry(self, value: float) -> str:
        return repr(value) if math.isfinite(value) else self.number(value)

    def write(
        self,
        op: Op,
        args: tuple[Arg, ...],
        options: Mapping[str, Any],
        shape: Shape,
        texts: Mapping[str, str] | None = None,
    ) -> Written:
        """The operation, which must be one that the library has a text for, on these arguments."""
        layout = _PRODUCT if op.name == "dot" else op.layout
        if op.name in _BY_LAYOUT and isinstance(layout, Infix | Prefix | Power):
            return write(layout, [arg.written for arg in args], {}, self.style)
        use = Use(op, args, options, shape, self, texts or {})
        if op.name == "index":
            return Written(self.index(use))
        form = self.forms[op.name]
        return Written(form(use) if callable(form) else form.format_map(self._fields(use)))

    def _fields(self, use: Use) -> dict[str, Any]:
        numbers = {k: self.number(v) if isinstance(v, float) else repr(v) for k, v in use.options.items()}
        return {**numbers, **dict(zip(use.op.arguments, use.args, strict=False))}

    def helpers_for(self, text: str) -> list[str]:
        """The helper functions that a text calls, those first that others call."""
        wanted: dict[str, str] = {}
        self._collect(text, wanted)
        return list(wanted.values())

    def _collect(self, text: str, wanted: dict[str, str]) -> None:
        known = [name for name in self.helpers if f"{name}(" in text and name not in wanted]
        used = called(text) if known else set()
        for name in known:
            if name in used and name not in wanted:
                inner = self.helpers[name]
                self._collect(inner.partition("\n")[2], wanted)
                wanted[name] = inner


def called(text: str) -> set[str]:
    """The plain names that a piece of Python calls."""
    tree = ast.parse(textwrap.dedent(text))
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def nested(value: Any, entry: Callable[[float], str], indent: int) -> str:
    """Nested lists as text, broken over lines where they are long."""
    if not isinstance(value, list):
        return entry(value)
    parts = [nested(part, entry, indent + 1) for part in value]
    line = "[" + ", ".join(parts) + "]"
    if len(line) + indent <= LINE and "\n" not in line:
        return line
    pad = " " * (indent + 1)
    return "[" + "".join(_filled(parts, pad)) + "]"


def _filled(parts: Iterable[str], pad: str) -> Iterable[str]:
    """The parts with commas, on as few lines as hold them."""
    column = len(pad)
    for place, part in enumerate(parts):
        width = len(part) + 2
        if place and ("\n" in part or column + width > LINE or part.startswith("[")):
            yield f",\n{pad}"
            column = len(pad)
        elif place:
            yield ", "
        yield part
        column += width


def key_text(key: tuple[Any, ...], use: Use) -> str:
    """An index key as it stands between the brackets."""
    return ", ".join(_key_part(part, use) for part in key)


def _key_part(part: Any, use: Use) -> str:
    if isinstance(part, slice):
        bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop, part.step)]
        return ":".join(bounds[: 2 + (part.step is not None)])
    if part is Ellipsis:
        return "..."
    if isinstance(part, np.ndarray):
        known = use.texts.get(key_of(part))
        lists = nested(part.astype(int).tolist(), str, 12)
        return known if known is not None else use.library.integers.format(lists)
    return "None" if part is None else str(int(part))


def key_of(indices: Any) -> str:
    """What tells one array of indices from another."""
    return repr((np.shape(indices), np.asarray(indices, dtype=float).tolist()))
