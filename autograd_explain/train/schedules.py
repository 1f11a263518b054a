"""What is done to the learning rate and to the gradients before an optimizer sees them: one row each.

Lines may read `t` (the step from 1), `pi`, and `norm`, the length of all gradients taken together.
"""

from __future__ import annotations

from autograd_explain.ops.elementary import clip, cos, floor
from autograd_explain.train.rules import Line, Recipe

_PYTORCHS_GUARD = 1e-6  # what clip_grad_norm_ adds to the norm, so that a norm of 0 does no harm

_SCHEDULES = (
    Recipe("constant", "the learning rate stays as it is", {}, ()),
    Recipe(
        "step", "the learning rate is multiplied by a factor every so many steps",
        {"every": 30.0, "factor": 0.1},
        (Line("lr", lambda lr, factor, t, every: lr * factor ** floor((t - 1) / every)),),
        positive=("every",),
    ),
    Recipe(
        "exponential", "the learning rate is multiplied by a factor at every step",
        {"factor": 0.99},
        (Line("lr", lambda lr, factor, t: lr * factor ** (t - 1)),),
    ),
    Recipe(
        "cosine", "the learning rate falls along half a wave of the cosine",
        {"steps": 100.0, "end": 0.0},
        (
            Line("lr", lambda lr, end, pi, t, steps: end + (lr - end) * (1 + cos(pi * (t - 1) / steps)) / 2,
                 lambda s: s["t"] - 1 < s["steps"]),
            Line("lr", lambda end: end, lambda s: s["t"] - 1 >= s["steps"]),
        ),
        positive=("steps",),
    ),
    Recipe(
        "warm-up", "the learning rate rises in equal parts at first",
        {"steps": 10.0},
        (Line("lr", lambda lr, t, steps: lr * t / steps, lambda s: s["t"] < s["steps"]),),
        positive=("steps",),
    ),
)  # fmt: skip
SCHEDULES = {row.name: row for row in _SCHEDULES}
"""Every schedule of the learning rate by name; several may follow one another."""

_CLIPPING = (
    Recipe(
        "clip-norm", "all gradients together are cut to the limit where they are longer, and keep their direction",
        {"limit": 1.0},
        (Line("g", lambda g, limit, norm: g * (limit / (norm + _PYTORCHS_GUARD)),
              lambda s: s["norm"] + _PYTORCHS_GUARD > s["limit"]),),
        positive=("limit",),
    ),
    Recipe(
        "clip-value", "each entry of a gradient is cut off at the limit",
        {"limit": 1.0},
        (Line("g", lambda g, limit: clip(g, -limit, limit)),),
        positive=("limit",),
    ),
)  # fmt: skip
CLIPPING = {row.name: row for row in _CLIPPING}
"""Ways of limiting gradients by name."""
