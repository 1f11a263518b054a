"""Every function of the language as one kind of entry, be it an operation, a loss or a maker of constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_explain.core.notation import LANGUAGE, Call, ListCall, Power, Written, write
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.lang import gradients
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.constants import MAKERS
from autograd_explain.ops.losses import COMPOSITES

_FAMILIES = (
    "arithmetic", "elementary", "activation", "step", "reduction", "softmax", "linear algebra", "shape",
    "comparison", "loss", "constant",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A function or operator: how it is called, what to know about it, and the row it was made from."""

    name: str
    signature: str
    family: str
    note: str
    example: str
    aliases: tuple[str, ...] = ()
    row: Any = None
    symbol: str | None = None

    @property
    def words(self) -> str:
        """Everything a search looks through."""
        return " ".join([self.name, self.signature, self.family, self.note, *self.aliases]).lower()


def entries() -> list[Entry]:
    """Return every function, family by family; operators come first."""
    rows = [_of_operation(op) for op in OPERATIONS.values() if not op.internal]
    losses = [Entry(c.name, c.signature, "loss", c.note, c.example, row=c) for c in COMPOSITES.values()]
    makers = [Entry(m.name, m.signature, "constant", m.note, m.example) for m in MAKERS.values()]
    length = Entry("len", "len(x)", "shape", "The size of the first axis, as a number.", "sum([x, 2])/len([x, 2])")
    gradient = Entry(gradients.NAME, *gradients.ABOUT[:1], "choice", *gradients.ABOUT[1:])
    return sorted([*rows, *losses, *makers, length, gradient], key=_order)


def _order(entry: Entry) -> tuple[int, str]:
    known = entry.family in _FAMILIES
    return (_FAMILIES.index(entry.family), "") if known else (len(_FAMILIES), entry.family)


def _of_operation(op: Op) -> Entry:
    symbol = "**" if isinstance(op.layout, Power) else getattr(op.layout, "symbol", None)
    return Entry(op.name, _signature(op), op.family, op.note, op.example, op.aliases, op, symbol)


def _signature(op: Op) -> str:
    """Return how an operation is written: operators have no call."""
    if isinstance(op.layout, (Call, ListCall)) or op.name in function_names():
        return op.signature
    options = {option.name: (0,) for option in op.options}
    return write(op.layout, [Written(name) for name in op.arguments], options, LANGUAGE).text
