"""Every operation by name: filled by `define`, read by the language, the public functions and the tests."""

from __future__ import annotations

from autograd_explain.core.op import Op

OPERATIONS: dict[str, Op] = {}
OWN: set[str] = set()  # the operations that did not come with the package
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


def forget(name: str) -> None:
    """Take an operation that did not come with the package out of the table again, with its aliases."""
    OWN.discard(name)
    OPERATIONS.pop(name, None)
    for alias in [alias for alias, meant in ALIASES.items() if meant == name]:
        del ALIASES[alias]


def find(name: str) -> Op | None:
    """The operation of that name or alias, or None."""
    return OPERATIONS.get(ALIASES.get(name, name))
