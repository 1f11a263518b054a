"""The language's functions for Python: `F.relu(w @ x)`, on floats, arrays and recorded values alike.

Made from the registry: an operation that is defined is here, under its name and its aliases.
"""

from __future__ import annotations

from typing import Any

from autograd_explain.core.op import Op
from autograd_explain.core.registry import ALIASES, OPERATIONS, find
from autograd_explain.core.var import unary
from autograd_explain.ops.losses import COMPOSITES


def __getattr__(name: str) -> Any:
    """The operation or loss of that name; its docstring is its note."""
    operation: Any = find(name) or COMPOSITES.get(name)
    if operation is None:
        raise AttributeError(f"there is no operation named {name!r}; dir(functions) lists them")
    if isinstance(operation, Op) and operation.elementwise and len(operation.arguments) == 1 and not operation.options:
        operation = unary(operation)  # the recorder made for it: a long run spends its time there
    globals()[name] = operation  # found once; the next look-up costs nothing
    return operation


def __dir__() -> list[str]:
    return sorted({*OPERATIONS, *ALIASES, *COMPOSITES})
