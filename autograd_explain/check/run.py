"""The checkers by name. SymPy, mpmath, PyTorch and JAX are loaded only when the one that needs them is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from autograd_explain.check.result import CheckResult
from autograd_explain.errors import InputError
from autograd_explain.modes.records import Recording, Sweep

Checker = Callable[[Recording, Sweep], list[CheckResult]]


def _symbolic(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    from autograd_explain.check.symbolic import symbolic

    return symbolic(recording, sweep)


def _finite(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    from autograd_explain.check.finite import finite

    return finite(recording, sweep)


def _torch(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    from autograd_explain.check.pytorch import pytorch

    return pytorch(recording, sweep)


def _jax(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    from autograd_explain.check.jax import by_jax

    return by_jax(recording, sweep)


CHECKERS: dict[str, Checker] = {"symbolic": _symbolic, "finite": _finite, "torch": _torch, "jax": _jax}


def check(recording: Recording, sweep: Sweep, checkers: Collection[str] = ("symbolic", "finite")) -> list[CheckResult]:
    """One verdict for each checker and tracked input, in that order.

    Raises InputError for a checker there is not.
    """
    chosen = [_find(name) for name in dict.fromkeys(checkers)]
    with np.errstate(all="ignore"):  # what is not finite is told in the verdict
        results = [result for checker in chosen for result in checker(recording, sweep)]
    cut = recording.cut_inputs()
    return [_undecided(result) if result.target in cut else result for result in results]


def _undecided(result: CheckResult) -> CheckResult:
    why = f"{result.target} is also used as a plain number: what it does there is no part of the gradient"
    return CheckResult(result.checker, result.target, "undecided", result.ours, why=why)


def _find(name: Any) -> Checker:
    if name not in CHECKERS:
        raise InputError(f"unknown checker {name!r}", hint=f"there are: {', '.join(CHECKERS)}")
    return CHECKERS[name]
