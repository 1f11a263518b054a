"""The check by JAX: the recorded operations run there in float64, and its `vjp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from autograd_explain.check.framework import Framework, Values, compare, undecided
from autograd_explain.check.result import CheckResult
from autograd_explain.code.jax_forms import JAX
from autograd_explain.modes.records import Recording, Sweep

LONGEST = 2_000
MISSING = "JAX is not installed: pip install jax"


def by_jax(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by JAX for every tracked input; undecided where it is not installed."""
    try:
        import jax
    except ImportError:
        return undecided("jax", recording, sweep, MISSING)
    with _float64(jax):
        return compare(_framework(jax), recording, sweep)


def _float64(jax: Any) -> Any:
    """JAX in double precision for a while: its setting is nobody else's business afterwards."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64()


def _framework(jax: Any) -> Framework:
    import jax.numpy as jnp

    import_module("jax.scipy.special")  # JAX does not load it by itself
    namespace = {"jax": jax, "jnp": jnp}
    exec("\n\n".join(JAX.helpers.values()), namespace)  # noqa: S102 - the functions that the scripts hold

    def pull(function: Callable[[Values], Any], values: Values, tracked: Sequence[bool], upstream: Any) -> list[Any]:
        given = [jnp.asarray(value, dtype=jnp.float64) for value in values]
        wanted = [value for value, is_tracked in zip(given, tracked, strict=True) if is_tracked]

        def by_wanted(*moved: Any) -> Any:
            rest = iter(moved)
            return function([next(rest) if t else value for value, t in zip(given, tracked, strict=True)])

        _, pull_back = jax.vjp(by_wanted, *wanted)
        return [np.asarray(gradient) for gradient in pull_back(jnp.asarray(upstream, dtype=jnp.float64))]

    return Framework("jax", JAX, namespace, pull, lambda value: jnp.asarray(value, dtype=jnp.float64), LONGEST)
