"""The language's functions for Python: `F.relu(w @ x)`, on floats, arrays and recorded values alike.

Made from the registry: an operation that is defined is here, under its name and its aliases.
"""

from __future__ import annotations

from typing import Any

import autograd_explain.ops  # fills the registry
from autograd_explain.core.registry import ALIASES, OPERATIONS, find
from autograd_explain.ops.losses import COMPOSITES


def __getattr__(name: str) -> Any:
    """The operation or loss of that name; its docstring is its note."""
    operation = find(name) or COMPOSITES.get(name)
    if operation is None:
        raise AttributeError(f"there is no operation named {name!r}; dir(functions) lists them")
    return operation


def __dir__() -> list[str]:
    return sorted({*OPERATIONS, *ALIASES, *COMPOSITES})
