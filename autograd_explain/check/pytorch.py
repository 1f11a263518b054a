"""The check by PyTorch: the recorded operations run there in float64, and its `backward`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_explain.check.framework import Framework, Values, compare, undecided
from autograd_explain.check.result import CheckResult
from autograd_explain.code.torch_forms import TORCH
from autograd_explain.modes.records import Recording, Sweep

LONGEST = 30_000
MISSING = "PyTorch is not installed: pip install torch"


def pytorch(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by PyTorch for every tracked input; undecided where it is not installed."""
    try:
        import torch
    except ImportError:
        return undecided("torch", recording, sweep, MISSING)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return compare(_framework(torch), recording, sweep)
    finally:
        torch.set_default_dtype(usual)


def _framework(torch: Any) -> Framework:
    namespace = {"torch": torch, "F": torch.nn.functional, "math": math}
    exec("\n\n".join(TORCH.helpers.values()), namespace)  # noqa: S102 - the functions that the scripts hold

    def pull(function: Callable[[Values], Any], values: Values, tracked: Sequence[bool], upstream: Any) -> list[Any]:
        given = [torch.tensor(v, requires_grad=t) for v, t in zip(values, tracked, strict=True)]
        wanted = [tensor for tensor in given if tensor.requires_grad]
        out = function(given)
        if not out.requires_grad:
            return [np.zeros(tensor.shape) for tensor in wanted]
        found = torch.autograd.grad(out, wanted, torch.tensor(upstream), allow_unused=True)
        pairs = zip(found, wanted, strict=True)
        return [np.zeros(t.shape) if gradient is None else gradient.numpy() for gradient, t in pairs]

    return Framework("torch", TORCH, namespace, pull, torch.tensor, LONGEST)
