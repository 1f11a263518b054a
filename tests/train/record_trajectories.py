"""Records how PyTorch's optimizers walk five problems, in float64.

Run `python tests/train/record_trajectories.py` with PyTorch installed; it writes trajectories.json beside itself,
which is all that most tests read. A problem is a program of the language, its values, and the same in PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as layers

RECORDED = Path(__file__).with_name("trajectories.json")
STEPS = 100
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A loss in both languages, where it starts, its data, and learning rates of plain and of adaptive optimizers."""

    text: str
    loss: Callable[..., torch.Tensor]
    params: Values
    data: Values
    plain: float
    adaptive: float


SQUARE = {"x": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "t": [0.0, 1.0, 1.0, 0.0]}
PROBLEMS = {
    "linear-regression": Problem(
        "mse(w*x + b, y)", lambda w, b, x, y: ((w * x + b - y) ** 2).mean(),
        {"w": 0.0, "b": 0.0}, {"x": [1.0, 2.0, 3.0, 4.0], "y": [3.1, 4.9, 7.2, 8.8]}, 0.03, 0.1,
    ),
    "logistic-regression": Problem(
        "bce_with_logits(x @ w + b, t)",
        lambda w, b, x, t: layers.binary_cross_entropy_with_logits(x @ w + b, t),
        {"w": [0.1, -0.2], "b": 0.0},
        {"x": [[0.5, 1.2], [2.0, 0.3], [1.5, 2.2], [3.0, 3.1], [0.2, 0.1]], "t": [0.0, 1.0, 0.0, 1.0, 0.0]}, 0.5, 0.05,
    ),
    "xor": Problem(
        "h = tanh(x @ m + c)\nbce_with_logits(h @ v + d, t)",
        lambda m, c, v, d, x, t: layers.binary_cross_entropy_with_logits(torch.tanh(x @ m + c) @ v + d, t),
        {"m": [[0.9, -0.7, 0.4], [0.8, -1.1, -0.5]], "c": [0.1, -0.1, 0.2], "v": [0.7, -0.6, 0.5], "d": 0.0},
        SQUARE, 0.5, 0.05,
    ),
    "rosenbrock": Problem(
        "(1 - x)**2 + 100*(y - x**2)**2", lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        {"x": -1.2, "y": 1.0}, {}, 0.0002, 0.02,
    ),
    "curve": Problem(
        "mse(a*sin(k*x) + exp(-d*x), y)",
        lambda a, k, d, x, y: ((a * torch.sin(k * x) + torch.exp(-d * x) - y) ** 2).mean(),
        {"a": 0.5, "k": 1.2, "d": 0.3},
        {"x": [0.0, 0.5, 1.0, 1.5, 2.0], "y": [1.0, 1.5, 1.6, 1.3, 0.9]}, 0.05, 0.02,
    ),
}  # fmt: skip

PLAIN = {
    "sgd": {},
    "sgd(weight_decay=0.1)": {"weight_decay": 0.1},
    "sgd(momentum=0.9)": {"momentum": 0.9},
    "sgd(momentum=0.8, dampening=0.3)": {"momentum": 0.8, "dampening": 0.3},
    "sgd(momentum=0.9, nesterov=True)": {"momentum": 0.9, "nesterov": True},
}
ADAPTIVE: dict[str, tuple[Any, Values]] = {
    "adagrad": (torch.optim.Adagrad, {}),
    "adagrad(lr_decay=0.1, weight_decay=0.01)": (torch.optim.Adagrad, {"lr_decay": 0.1, "weight_decay": 0.01}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop(centered=True, momentum=0.9)": (torch.optim.RMSprop, {"centered": True, "momentum": 0.9}),
    "adam": (torch.optim.Adam, {}),
    "adam(amsgrad=True, weight_decay=0.01)": (torch.optim.Adam, {"amsgrad": True, "weight_decay": 0.01}),
    "adamw": (torch.optim.AdamW, {}),
    "adamw(weight_decay=0.2, beta1=0.8)": (torch.optim.AdamW, {"weight_decay": 0.2, "betas": (0.8, 0.999)}),
    "nadam": (torch.optim.NAdam, {}),
}
OPTIMIZERS = [*PLAIN, *ADAPTIVE]


def learning_rate(name: str, optimizer: str) -> float:
    """The learning rate that a problem is walked with."""
    return PROBLEMS[name].plain if optimizer in PLAIN else PROBLEMS[name].adaptive


def optimizer_of(optimizer: str, tensors: list[Any], rate: float) -> Any:
    """PyTorch's optimizer of that description."""
    if optimizer in PLAIN:
        return torch.optim.SGD(tensors, lr=rate, **PLAIN[optimizer])
    kind, settings = ADAPTIVE[optimizer]
    return kind(tensors, lr=rate, **settings)


def trajectory(name: str, optimizer: str, clip_norm: float | None = None, schedule: Any = None) -> Values:
    """The losses before each of the steps, the learning rates, and the parameters after the last."""
    torch.set_default_dtype(torch.float64)  # or NAdam would keep a product in float32, whatever its parameters are
    problem = PROBLEMS[name]
    params = {n: torch.tensor(v, requires_grad=True) for n, v in problem.params.items()}
    data = {n: torch.tensor(v) for n, v in problem.data.items()}
    walker = optimizer_of(optimizer, list(params.values()), learning_rate(name, optimizer))
    scheduler = schedule(walker) if schedule else None
    losses, rates = [], []
    for _ in range(STEPS):
        walker.zero_grad()
        loss = problem.loss(**params, **data)
        loss.backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(list(params.values()), clip_norm)
        losses.append(loss.item())
        rates.append(walker.param_groups[0]["lr"])
        walker.step()
        if scheduler is not None:
            scheduler.step()
    return {"losses": losses, "rates": rates, "parameters": {n: p.tolist() for n, p in params.items()}}


SCHEDULES: dict[str, Any] = {
    "step(every=30, factor=0.1)": lambda walker: torch.optim.lr_scheduler.StepLR(walker, 30, 0.1),
    "exponential(factor=0.97)": lambda walker: torch.optim.lr_scheduler.ExponentialLR(walker, 0.97),
    "cosine(steps=100, end=0.001)": lambda walker: torch.optim.lr_scheduler.CosineAnnealingLR(walker, 100, 0.001),
}


def everything() -> dict[str, Any]:
    """All that is recorded: each problem walked by each optimizer, one problem by each schedule and with clipping."""
    walks = [
        {"problem": name, "optimizer": optimizer, "lr": learning_rate(name, optimizer)} | trajectory(name, optimizer)
        for name in PROBLEMS
        for optimizer in OPTIMIZERS
    ]
    for walk in walks:
        del walk["rates"]
    schedules = {text: trajectory("curve", "sgd", schedule=make) for text, make in SCHEDULES.items()}
    problems = {n: {"text": p.text, "params": p.params, "data": p.data} for n, p in PROBLEMS.items()}
    clipped = {"limit": 0.5} | trajectory("linear-regression", "adam", clip_norm=0.5)
    return {
        "torch": torch.__version__, "problems": problems, "walks": walks, "schedules": schedules, "clipped": clipped,
    }  # fmt: skip


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(everything(), indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
