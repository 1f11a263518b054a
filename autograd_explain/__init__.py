"""Backpropagation that shows its work: every chain-rule step of a program, with its numbers, checked.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_explain import functions
    from autograd_explain.core.op import Op
    from autograd_explain.core.registry import define
    from autograd_explain.core.var import Var
    from autograd_explain.errors import ExplainError
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.pipeline import explain, grad
    from autograd_explain.train.fitting import fit

__all__ = ["ExplainError", "Explanation", "Op", "Var", "define", "explain", "fit", "functions", "grad"]

_HOMES = {
    "ExplainError": "errors",
    "Explanation": "explanation.build",
    "Op": "core.op",
    "Var": "core.var",
    "define": "core.registry",
    "explain": "pipeline",
    "fit": "train.fitting",
    "functions": "",
    "grad": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES[name]
    module = import_module(f"{__name__}.{home or name}")
    return getattr(module, name) if home else module


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
