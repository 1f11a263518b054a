"""Records what PyTorch, JAX and mathematics answer where a derivative is a matter of convention.

Run `python -m tests.laws.record_conventions` with both installed; it writes conventions.json beside itself, which
is all that the tests read. A row is a program of the language, the same in PyTorch and in JAX, and the values; the
mathematical answer is the derivative from the left and from the right, null where there is none.
`apart` says why the answer here is not PyTorch's; such a row also states the answer here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as layers
from jax import lax, nn

from tests.laws.one_sided import one_sided

RECORDED = Path(__file__).with_name("conventions.json")


@dataclass(frozen=True, slots=True)
class Case:
    """One question: a program, its values, the same in both libraries (None: it has no such function)."""

    name: str
    program: str
    values: dict[str, Any]
    pytorch: Callable[..., Any] | None
    jax: Callable[..., Any] | None
    apart: str = ""
    ours: tuple[Any, ...] = ()  # the gradients here, in order of the values, where they are apart
    value: Any = None  # the value here, where it is apart as well


def _margin(clamp: Any) -> Callable[..., Any]:
    return lambda s: clamp(1 - s)


def _trap(where: Any, sqrt: Any) -> Callable[..., Any]:
    return lambda x: where(x > 0, sqrt(x), 0.0 * x).sum()


_ROOT_OF_SQUARES = "PyTorch divides 0 by 0; the gradient that is 0 is as good a choice as norm's, which it takes there"
_BY_N = "var and std divide by n here unless ddof says otherwise, as NumPy's do; PyTorch's default is n - 1"
_AXES = [[1.0, 2.0], [3.0, 5.0]]
_TIED = [1.0, 3.0, 3.0]

CORNERS = [
    Case("relu at 0", "relu(x)", {"x": 0.0}, torch.relu, nn.relu),
    Case("leaky_relu at 0", "leaky_relu(x, 0.2)", {"x": 0.0},
         lambda x: layers.leaky_relu(x, 0.2), lambda x: nn.leaky_relu(x, 0.2)),
    Case("elu at 0", "elu(x, 0.7)", {"x": 0.0}, lambda x: layers.elu(x, 0.7), lambda x: nn.elu(x, 0.7)),
    Case("selu at 0", "selu(x)", {"x": 0.0}, layers.selu, nn.selu),
    Case("hardtanh at 1", "hardtanh(x)", {"x": 1.0}, layers.hardtanh, nn.hard_tanh),
    Case("hardtanh at -1", "hardtanh(x)", {"x": -1.0}, layers.hardtanh, nn.hard_tanh),
    Case("abs at 0", "abs(x)", {"x": 0.0}, torch.abs, jnp.abs),
    Case("sign at 0", "sign(x)", {"x": 0.0}, torch.sign, jnp.sign),
    Case("floor at a whole number", "floor(x)", {"x": 2.0}, torch.floor, jnp.floor),
    Case("ceil at a whole number", "ceil(x)", {"x": 2.0}, torch.ceil, jnp.ceil),
    Case("round goes to even", "sum(round(x))", {"x": [0.5, 1.5, 2.5, -0.5]},
         lambda x: torch.round(x).sum(), lambda x: jnp.round(x).sum()),
    Case("clip at its lower edge", "clip(x, 0, 1)", {"x": 0.0},
         lambda x: torch.clamp(x, 0, 1), lambda x: jnp.clip(x, 0, 1)),
    Case("clip at its upper edge", "clip(x, 0, 1)", {"x": 1.0},
         lambda x: torch.clamp(x, 0, 1), lambda x: jnp.clip(x, 0, 1)),
    Case("clip with equal edges, at them", "clip(x, lo, hi)", {"x": 1.0, "lo": 1.0, "hi": 1.0}, torch.clamp, jnp.clip),
    Case("clip with equal edges, below them", "clip(x, lo, hi)", {"x": 0.5, "lo": 1.0, "hi": 1.0},
         torch.clamp, jnp.clip),
    Case("clip with its edges crossed", "clip(x, 1, -1)", {"x": 0.5},
         lambda x: torch.clamp(x, 1, -1), lambda x: jnp.clip(x, 1, -1)),
    Case("hinge at the margin", "hinge(s, 1)", {"s": 1.0},
         _margin(lambda m: torch.clamp(m, min=0)), _margin(lambda m: jnp.clip(m, min=0))),
    Case("hinge at the margin of a no", "hinge(s, -1)", {"s": -1.0},
         lambda s: torch.clamp(1 + s, min=0), lambda s: jnp.clip(1 + s, min=0)),
    Case("mae of a hit", "mae(p, 1)", {"p": 1.0},
         lambda p: layers.l1_loss(p, torch.ones_like(p)), lambda p: jnp.abs(p - 1)),
    Case("huber at its limit", "huber(p, 0)", {"p": 1.0},
         lambda p: layers.huber_loss(p, torch.zeros_like(p)), None),
]  # fmt: skip
TIES = [
    Case("maximum of equals", "maximum(x, y)", {"x": 2.0, "y": 2.0}, torch.maximum, jnp.maximum),
    Case("minimum of equals", "minimum(x, y)", {"x": 2.0, "y": 2.0}, torch.minimum, jnp.minimum),
    Case("max with a tie", "max(x)", {"x": _TIED}, torch.max, jnp.max),
    Case("min with a tie", "min(x)", {"x": [1.0, 1.0, 3.0]}, torch.min, jnp.min),
    Case("max along an axis with a tie", "sum(max(x, axis=1))", {"x": [_TIED, _TIED]},
         lambda x: torch.amax(x, 1).sum(), lambda x: jnp.max(x, axis=1).sum()),
    Case("max along an axis by index", "sum(max(x, axis=1))", {"x": [_TIED, _TIED]},
         lambda x: torch.max(x, 1).values.sum(), None,
         apart="torch.max along an axis also returns an index, and gives that one entry everything; amax splits evenly",
         ours=([[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]],)),
]  # fmt: skip
ROOTS = [
    Case("sqrt at 0", "sqrt(x)", {"x": 0.0}, torch.sqrt, jnp.sqrt),
    Case("cbrt at 0", "cbrt(x)", {"x": 0.0}, None, jnp.cbrt),
    Case("norm of zeros", "norm(x)", {"x": [0.0, 0.0]}, torch.linalg.vector_norm, jnp.linalg.norm),
    Case("norm of a row of zeros", "sum(norm(x, axis=1))", {"x": [[0.0, 0.0], [3.0, 4.0]]},
         lambda x: torch.linalg.vector_norm(x, dim=1).sum(), lambda x: jnp.linalg.norm(x, axis=1).sum()),
    Case("std of equal entries", "std(x)", {"x": [2.0, 2.0]},
         lambda x: torch.std(x, correction=0), jnp.std),
    Case("std of one number", "std(x)", {"x": 2.0}, lambda x: torch.std(x, correction=0), jnp.std),
    Case("hypot at the origin", "hypot(x, y)", {"x": 0.0, "y": 0.0}, torch.hypot, jnp.hypot,
         apart=_ROOT_OF_SQUARES, ours=(0.0, 0.0)),
    Case("hypot on an axis", "hypot(x, y)", {"x": 0.0, "y": 2.0}, torch.hypot, jnp.hypot),
    Case("atan2 on its cut", "atan2(y, x)", {"y": 0.0, "x": -2.0}, torch.atan2, jnp.arctan2),
    Case("atan2 at the origin", "atan2(y, x)", {"y": 0.0, "x": 0.0}, torch.atan2, jnp.arctan2),
]  # fmt: skip
POWERS = [
    Case(f"x**y at x = 0, y = {y:g}", "x**y", {"x": 0.0, "y": y}, torch.pow, jnp.power)
    for y in (2.0, 1.5, 1.0, 0.5, 0.0, -0.5, -1.0)
] + [
    Case("x**x at 0", "x**x", {"x": 0.0}, lambda x: x**x, lambda x: x**x),
    Case("0**y at y = 0", "0**y", {"y": 0.0}, lambda y: torch.pow(torch.tensor(0.0), y), lambda y: jnp.power(0.0, y)),
]  # fmt: skip
EDGES = [
    Case("log at 0", "log(x)", {"x": 0.0}, torch.log, jnp.log),
    Case("reciprocal at 0", "reciprocal(x)", {"x": 0.0}, torch.reciprocal, jnp.reciprocal),
    Case("asin at 1", "asin(x)", {"x": 1.0}, torch.asin, jnp.arcsin),
    Case("asin at -1", "asin(x)", {"x": -1.0}, torch.asin, jnp.arcsin),
    Case("acos at 1", "acos(x)", {"x": 1.0}, torch.acos, jnp.arccos),
    Case("acos at -1", "acos(x)", {"x": -1.0}, torch.acos, jnp.arccos),
    Case("acosh at 1", "acosh(x)", {"x": 1.0}, torch.acosh, jnp.arccosh),
    Case("atanh at 1", "atanh(x)", {"x": 1.0}, torch.atanh, jnp.arctanh),
    Case("exp where it overflows", "exp(x)", {"x": 1000.0}, torch.exp, jnp.exp),
    Case("sqrt of a negative number", "sqrt(x)", {"x": -1.0}, torch.sqrt, jnp.sqrt),
    Case("a root that is no square root of a negative number", "x**(1/3)", {"x": -8.0},
         lambda x: x ** (1 / 3), lambda x: x ** (1 / 3)),
    Case("if does not run the other branch", "sqrt(x) if x > 0 else 0*x", {"x": 0.0},
         lambda x: torch.sqrt(x) if x > 0 else 0 * x, lambda x: lax.cond(x > 0, jnp.sqrt, lambda x: 0 * x, x)),
    Case("0/0", "x/y", {"x": 0.0, "y": 0.0}, torch.div, jnp.divide),
    Case("where and the slope of the side not taken", "sum(where(x > 0, sqrt(x), 0*x))", {"x": [4.0, 0.0]},
         _trap(torch.where, torch.sqrt), _trap(jnp.where, jnp.sqrt)),
    Case("prod with one zero", "prod(x)", {"x": [0.0, 2.0, 3.0]}, torch.prod, jnp.prod),
    Case("prod with two zeros", "prod(x)", {"x": [0.0, 2.0, 0.0]}, torch.prod, jnp.prod),
    Case("sigmoid far out", "sigmoid(x)", {"x": -800.0}, torch.sigmoid, nn.sigmoid),
    Case("softplus far out", "softplus(x)", {"x": 800.0}, layers.softplus, nn.softplus),
    Case("logsigmoid far out", "logsigmoid(x)", {"x": -800.0}, layers.logsigmoid, nn.log_sigmoid),
]  # fmt: skip
DEFAULTS = [
    Case("var divides by n", "var(x)", {"x": [1.0, 2.0, 4.0]}, torch.var, jnp.var,
         apart=_BY_N, ours=([-8 / 9, -2 / 9, 10 / 9],), value=14 / 9),
    Case("var with ddof=1", "var(x, ddof=1)", {"x": [1.0, 2.0, 4.0]}, torch.var, lambda x: jnp.var(x, ddof=1)),
    Case("std with ddof=1", "std(x, ddof=1)", {"x": [1.0, 2.0, 4.0]}, torch.std, lambda x: jnp.std(x, ddof=1)),
    Case("std divides by n", "std(x)", {"x": [1.0, 2.0, 4.0]}, lambda x: torch.std(x, correction=0), jnp.std),
    Case("losses broadcast, then average", "mse(p, t)", {"p": [[1.0], [2.0]], "t": [0.0, 3.0]},
         lambda p, t: ((p - t) ** 2).mean(), lambda p, t: ((p - t) ** 2).mean()),
    Case("concat joins the first axis", "concat([x, y])[1, 0]", {"x": [[1.0, 2.0]], "y": [[3.0, 4.0]]},
         lambda x, y: torch.concat([x, y])[1, 0], lambda x, y: jnp.concatenate([x, y])[1, 0]),
    Case("stack adds a first axis", "stack([x, y])[1, 0]", {"x": [1.0, 2.0], "y": [3.0, 4.0]},
         lambda x, y: torch.stack([x, y])[1, 0], lambda x, y: jnp.stack([x, y])[1, 0]),
    Case("reshape with -1", "reshape(x, (-1, 1))[2, 0]", {"x": _AXES},
         lambda x: x.reshape(-1, 1)[2, 0], lambda x: x.reshape(-1, 1)[2, 0]),
    Case("^ is a power and binds as one", "-x^2 + 2*x^3^2", {"x": 1.5},
         lambda x: -(x**2) + 2 * x**9, lambda x: -(x**2) + 2 * x**9),
    Case("softmax is along the last axis", "softmax(x)[0, 1]", {"x": _AXES},
         lambda x: layers.softmax(x, dim=-1)[0, 1], lambda x: nn.softmax(x)[0, 1]),
    Case("log_softmax is along the last axis", "log_softmax(x)[0, 1]", {"x": _AXES},
         lambda x: layers.log_softmax(x, dim=-1)[0, 1], lambda x: nn.log_softmax(x)[0, 1]),
    Case("logsumexp is over all axes", "logsumexp(x)", {"x": _AXES},
         lambda x: torch.logsumexp(x, dim=(0, 1)), nn.logsumexp),
    Case("norm is over all entries", "norm(x)", {"x": _AXES}, torch.linalg.norm, jnp.linalg.norm),
    Case("cross_entropy with class numbers", "cross_entropy(z, [1, 0])", {"z": _AXES},
         lambda z: layers.cross_entropy(z, torch.tensor([1, 0])),
         lambda z: -nn.log_softmax(z)[jnp.arange(2), jnp.array([1, 0])].mean()),
    Case("cross_entropy with shares", "cross_entropy(z, [[0.25, 0.75], [1, 0]])", {"z": _AXES},
         lambda z: layers.cross_entropy(z, torch.tensor([[0.25, 0.75], [1.0, 0.0]])),
         lambda z: -(nn.log_softmax(z) * jnp.array([[0.25, 0.75], [1.0, 0.0]])).sum(-1).mean()),
    Case("bce_with_logits far out", "bce_with_logits(z, [0, 1])", {"z": [800.0, 800.0]},
         lambda z: layers.binary_cross_entropy_with_logits(z, torch.tensor([0.0, 1.0])), None),
    Case("bce of shares", "bce(p, [0, 1])", {"p": [0.25, 0.5]},
         lambda p: layers.binary_cross_entropy(p, torch.tensor([0.0, 1.0])), None),
    Case("gelu is the exact one", "gelu(x)", {"x": 0.5}, layers.gelu, lambda x: nn.gelu(x, approximate=False)),
]  # fmt: skip
CASES = [*CORNERS, *TIES, *ROOTS, *POWERS, *EDGES, *DEFAULTS]


def _plain(value: Any) -> Any:
    """Numbers for strict JSON: those that are not finite become words."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value if value is None or math.isfinite(value) else str(value)


def _by_pytorch(case: Case) -> dict[str, Any] | None:
    if case.pytorch is None:
        return None
    given = [torch.tensor(value, requires_grad=True) for value in case.values.values()]
    result = case.pytorch(*given)
    result.backward()
    return _answer(case, result.tolist(), [tensor.grad.tolist() for tensor in given])


def _by_jax(case: Case) -> dict[str, Any] | None:
    if case.jax is None:
        return None
    given = [jnp.array(value) for value in case.values.values()]
    value, gradients = jax.value_and_grad(case.jax, argnums=tuple(range(len(given))))(*given)
    return _answer(case, value.tolist(), [gradient.tolist() for gradient in gradients])


def _by_steps(case: Case) -> dict[str, Any]:
    sides = one_sided(case.program, case.values)
    return {side: {name: _plain(value) for name, value in found.items()} for side, found in sides.items()}


def _answer(case: Case, value: Any, gradients: Any) -> dict[str, Any]:
    return {"value": _plain(value), "gradients": dict(zip(case.values, map(_plain, gradients), strict=True))}


def _row(case: Case) -> dict[str, Any]:
    row = {"case": case.name, "program": case.program, "values": case.values}
    row |= {"pytorch": _by_pytorch(case), "jax": _by_jax(case), "mathematics": _by_steps(case)}
    if case.apart:
        value = row["pytorch"]["value"] if case.value is None else case.value
        row |= {"apart": case.apart, "ours": _answer(case, value, case.ours)}
    return row


def main() -> None:
    """Write the answers of the installed versions."""
    torch.set_default_dtype(torch.float64)
    jax.config.update("jax_enable_x64", True)
    versions = {"pytorch": torch.__version__.partition("+")[0], "jax": jax.__version__}
    rows = ",\n".join(json.dumps(_row(case), allow_nan=False) for case in CASES)
    text = f'{{"recorded with": {json.dumps(versions)},\n"rows": [\n{rows}\n]}}\n'
    RECORDED.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
