"""Wrong by a factor: whether what a rule hands back is a plain multiple of what is right, and which.

A missing 2, a sign, a forgotten 1/n: the commonest slips in a rule are factors, and naming one finds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_explain.check.law_parts import Sample, differences, inside, kinked, selecting
from autograd_explain.check.ratios import factor_text
from autograd_explain.core.op import Op, compute
from autograd_explain.core.shapes import as_value
from autograd_explain.modes.reverse import pass_back

_CLOSE = 1e-4
_NOTHING = 1e-6
_ENOUGH = 3  # one ratio is always common; an odd one has to show more often to be a factor
_MOST = 24  # entries of one sample


def factors(op: Op, samples: Sequence[Sample]) -> dict[str, str]:
    """By argument, the factor its derivative is wrong by, where it is one: "2", "−1", "1/2", or the entries' number.

    Float64 differences say what is right. Arguments that are right, or wrong in another way, are not there.
    """
    found: dict[str, str] = {}
    for position, name in enumerate(op.arguments):
        ratios = [pair for sample in _arrays(op, samples) for pair in _ratios(op, position, *sample)]
        factor = _common(ratios)
        if factor:
            found[name] = factor
    return found


def _arrays(op: Op, samples: Sequence[Sample]) -> list[Sample]:
    if not op.elementwise:
        return [(args, o) for args, o in samples if not kinked(op, args, o) and sum(map(np.size, args)) <= _MOST][:4]
    options = samples[0][1] if samples else {}
    some = [inside(op, (shape,) * len(op.arguments), options, np.random.default_rng(11)) for shape in ((3,), (2, 3))]
    return [(args, options) for args in some if args is not None]


def _ratios(op: Op, position: int, args: tuple[Any, ...], options: dict[str, Any]) -> list[tuple[float, int]]:
    """What is handed back by what is right, entry by entry, each with the number of the argument's entries."""
    rule = op.partials[position] if op.elementwise else op.vjp_for(position)
    if rule is None or position in selecting(op, args):
        return []
    out = compute(op, args, options)
    upstream = as_value(np.random.default_rng(12).uniform(0.5, 1.5, np.shape(out)))
    right = np.ravel(differences(op, args, options, upstream, position))
    _, actual = pass_back(op, position, upstream, out, args, options)
    size = int(np.size(args[position]))
    given = np.ravel(actual)
    return [(float(g / r), size) for g, r in zip(given, right, strict=True) if abs(r) > _NOTHING]


def _common(ratios: list[tuple[float, int]]) -> str:
    """The factor all ratios share, told; "" where there is none, or it is 1."""
    if not ratios or not all(math.isfinite(ratio) for ratio, _ in ratios):
        return ""
    if len({size for _, size in ratios}) > 1:
        if all(abs(ratio / size - 1) < _CLOSE for ratio, size in ratios):
            return "n (the number of entries)"
        if all(abs(ratio * size - 1) < _CLOSE for ratio, size in ratios):
            return "1/n (n: the number of entries)"
    first = ratios[0][0]
    if abs(first) < _NOTHING or any(abs(ratio / first - 1) > _CLOSE for ratio, _ in ratios):
        return ""
    if abs(first - 1) < _CLOSE:
        return ""
    return factor_text(first, plain_only=len(ratios) < _ENOUGH)
