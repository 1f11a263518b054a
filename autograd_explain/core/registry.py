"""Every operation by name: filled by `define`, read by the language, the public functions and the tests."""

from __future__ import annotations

from autograd_explain.core.op import Op

OPERATIONS: dict[str, Op] = {}
ALIASES: dict[str, str] = {}


def define(op: Op) -> Op:
    """Add an operation to the table and return it, ready to be called.

    Raises ValueError where the name is taken: two rules for one name could not both be explained.
    """
    for name in (op.name, *op.aliases):
        if name in OPERATIONS or name in ALIASES:
            raise ValueError(f"an operation named {name!r} is already defined")
    OPERATIONS[op.name] = op
    ALIASES.update(dict.fromkeys(op.aliases, op.name))
    return op


def find(name: str) -> Op | None:
    """The operation of that name or alias, or None."""
    return OPERATIONS.get(ALIASES.get(name, name))
