"""Backpropagation that shows its work: every chain-rule step of a program, with its numbers, checked.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_explain import functions
    from autograd_explain.core.op import Op
    from autograd_explain.core.var import Var
    from autograd_explain.errors import ExplainError
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.functions import detach
    from autograd_explain.lang.defining import define
    from autograd_explain.pipeline import explain
    from autograd_explain.session import Session, record
    from autograd_explain.train.fitting import fit
    from autograd_explain.transforms import (
        check_gradients,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        no_grad,
        value_and_grad,
        vjp,
    )

__all__ = [
    "ExplainError", "Explanation", "Op", "Session", "Var", "check_gradients", "define", "detach", "explain", "fit",
    "functions", "grad", "hessian", "hvp", "jacobian", "jvp", "no_grad", "record", "value_and_grad", "vjp",
]  # fmt: skip

_HOMES = {
    "ExplainError": "errors",
    "Explanation": "explanation.build",
    "Op": "core.op",
    "Session": "session",
    "Var": "core.var",
    "check_gradients": "transforms",
    "define": "lang.defining",
    "detach": "functions",
    "explain": "pipeline",
    "fit": "train.fitting",
    "functions": "",
    "grad": "transforms",
    "hessian": "transforms",
    "hvp": "transforms",
    "jacobian": "transforms",
    "jvp": "transforms",
    "no_grad": "transforms",
    "record": "session",
    "value_and_grad": "transforms",
    "vjp": "transforms",
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
