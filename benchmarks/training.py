"""Training steps: forward, backward and the update, beside the same steps of peers, on one thread.

Exclusive-or on numbers against micrograd (goal: 4 times its steps a second); a network so small that calling is what
costs, against eager PyTorch (goal: 1.5 times); one of 784-128-64-10 on batches of 256, against eager PyTorch, mygrad
and its matrix products alone (goals: no slower than either, 1.15 times the products). The same numbers
everywhere, float64, plain gradient descent; every contestant's loss after a few steps is compared first. What is
compared is the processor's time.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when the libraries are loaded

import random  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from contextlib import nullcontext  # noqa: E402
from importlib import import_module  # noqa: E402
from importlib.util import find_spec  # noqa: E402
from itertools import pairwise  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks.contestants import OURS  # noqa: E402
from benchmarks.timing import rounds, summary, table  # noqa: E402

Take = Callable[[], float]
"""One training step; the loss before its update."""
RATE = 0.05
COMPARED = 5


def main() -> None:
    """Print a table per problem."""
    with one_thread():
        for title, contestants, count, in_a_row in (
            ("exclusive-or on numbers", exclusive_or(), 15, 30),
            ("4 rows, 3-8-2, tanh", small_network(), 15, 100),
            ("256 rows, 784-128-64-10, relu", large_network(), 7, 3),
        ):
            agree(contestants)
            seconds = rounds(contestants, count, in_a_row, time.process_time)
            print(table((title, "median us/step", "fastest", "time / ours"), summary(seconds, 1e-6, OURS)) + "\n")


def one_thread() -> Any:
    """NumPy and PyTorch on one thread each, also where NumPy was loaded before."""
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)
    if not find_spec("threadpoolctl"):
        return nullcontext()
    return import_module("threadpoolctl").threadpool_limits(1)


def agree(contestants: dict[str, Take]) -> None:
    """Stop where losses differ from ours after the first steps: a faster wrong answer is not a peer."""
    losses = {name: [take() for _ in range(COMPARED)][-1] for name, take in contestants.items()}
    for name, loss in losses.items():
        if loss == loss and abs(loss - losses[OURS]) > 1e-9 * abs(losses[OURS]):
            raise SystemExit(f"{name} comes to a loss of {loss}, {OURS} to {losses[OURS]}")


def ours(program: str, parameters: dict[str, Any], data: dict[str, Any]) -> Take:
    """`train`'s own loop on a program."""
    from autograd_explain.train.fitting import _record
    from autograd_explain.train.loop import Plan, Stop, beginning, steps
    from autograd_explain.train.objective import Data
    from autograd_explain.train.optimizers import OPTIMIZERS
    from autograd_explain.train.rules import choose

    record = _record(program, parameters, data, replay=False)
    fixed = {name: value for name, value in data.items() if not np.shape(value)}
    columns = {name: value for name, value in data.items() if np.shape(value)}
    plan = Plan(record, choose(f"sgd(lr={RATE})", OPTIMIZERS, "optimizer"), fixed=fixed, data=Data(columns))
    walk = steps(plan, beginning(plan, parameters), Stop())
    return lambda: next(walk).loss


# ---- exclusive-or: two inputs, four units with tanh (micrograd's has relu only), one output, four rows, as numbers

HIDDEN = 4
ROWS = ((0.0, 0.0, -1.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -1.0))


def exclusive_or() -> dict[str, Take]:
    """The contestants for exclusive-or."""
    rng = random.Random(3)
    start = {f"{kind}{unit}": rng.uniform(-1, 1) for unit in range(HIDDEN) for kind in "abcv"} | {"d": 0.1}
    losses = []
    for first, second, wanted in ROWS:
        units = [f"v{u}*relu(a{u}*{first} + b{u}*{second} + c{u})" for u in range(HIDDEN)]
        losses.append(f"({' + '.join(units)} + d - {wanted})**2")
    found = {OURS: ours(" + ".join(losses).replace("- -", "+ "), dict(start), {})}
    if find_spec("micrograd"):
        found["micrograd"] = micrograd_step(dict(start))
    return found


def micrograd_step(start: dict[str, float]) -> Take:
    """The same with micrograd's `Value`."""
    from micrograd.engine import Value

    w = {name: Value(value) for name, value in start.items()}

    def take() -> float:
        loss: Any = 0
        for first, second, wanted in ROWS:
            out: Any = 0
            for u in range(HIDDEN):
                out = out + w[f"v{u}"] * (w[f"a{u}"] * first + w[f"b{u}"] * second + w[f"c{u}"]).relu()
            loss = loss + (out + w["d"] - wanted) ** 2
        for value in w.values():
            value.grad = 0
        loss.backward()
        for value in w.values():
            value.data -= RATE * value.grad
        return float(loss.data)

    return take


# ---- networks on arrays


def small_network() -> dict[str, Take]:
    """The contestants for 4 rows of 3 numbers, 8 units with tanh, 2 outputs, the mean squared error."""
    generator = np.random.default_rng(0)
    x, t = generator.normal(size=(4, 3)), generator.normal(size=(4, 2))
    start = weights(generator, (3, 8, 2))
    program = "mse(tanh(x @ W1 + b1) @ W2 + b2, t)"
    found = {OURS: ours(program, dict(start), {"x": x, "t": t})}
    if find_spec("torch"):
        found["torch, by hand"], found["torch.optim.SGD"] = (
            torch_step(start, x, t, torch_small, optimizer=optimizer) for optimizer in (False, True)
        )
    return found


def large_network() -> dict[str, Take]:
    """The contestants for 256 rows of 784 numbers, 128 and 64 units with relu, 10 classes, cross-entropy."""
    generator = np.random.default_rng(0)
    x, t = generator.normal(size=(256, 784)), generator.integers(0, 10, 256).astype(float)
    start = weights(generator, (784, 128, 64, 10))
    program = "h = relu(x @ W1 + b1)\nh = relu(h @ W2 + b2)\ncross_entropy(h @ W3 + b3, t)"
    found = {OURS: ours(program, dict(start), {"x": x, "t": t})}
    if find_spec("torch"):
        found["torch, by hand"] = torch_step(start, x, t.astype(int), torch_large, optimizer=False)
    if find_spec("mygrad"):
        found["mygrad"] = mygrad_step(start, x, t.astype(int))
    found["its products alone"] = products(start, x)
    return found


def weights(generator: Any, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Weights and biases of layers of these sizes."""
    found = {}
    for layer, (rows, columns) in enumerate(pairwise(sizes), 1):
        found[f"W{layer}"] = generator.normal(size=(rows, columns)) / np.sqrt(rows)
        found[f"b{layer}"] = np.zeros(columns)
    return found


def torch_small(torch: Any, w: dict[str, Any], x: Any, t: Any) -> Any:
    """The small network's loss."""
    out = torch.tanh(x @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    return torch.nn.functional.mse_loss(out, t)


def torch_large(torch: Any, w: dict[str, Any], x: Any, t: Any) -> Any:
    """The large network's loss."""
    h = torch.relu(x @ w["W1"] + w["b1"])
    h = torch.relu(h @ w["W2"] + w["b2"])
    return torch.nn.functional.cross_entropy(h @ w["W3"] + w["b3"], t)


def torch_step(start: dict[str, Any], x: Any, t: Any, loss_of: Any, *, optimizer: bool) -> Take:
    """Eager PyTorch, its weights updated in place, by hand or by its own optimizer."""
    import torch

    w = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
    x, t = torch.tensor(x), torch.tensor(t)
    rule = torch.optim.SGD(w.values(), lr=RATE) if optimizer else None

    def take() -> float:
        loss = loss_of(torch, w, x, t)
        for value in w.values():
            value.grad = None
        loss.backward()
        if rule is not None:
            rule.step()
        else:
            with torch.no_grad():
                for value in w.values():
                    value.sub_(RATE * value.grad)
        return float(loss.detach())

    return take


def mygrad_step(start: dict[str, Any], x: Any, t: Any) -> Take:
    """mygrad, its weights updated in place."""
    mygrad: Any = import_module("mygrad")
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    w: dict[str, Any] = {name: mygrad.tensor(value.copy()) for name, value in start.items()}

    def take() -> float:
        h = relu(mygrad.matmul(x, w["W1"]) + w["b1"])
        h = relu(mygrad.matmul(h, w["W2"]) + w["b2"])
        loss = softmax_crossentropy(mygrad.matmul(h, w["W3"]) + w["b3"], t)
        loss.backward()
        for value in w.values():
            value.data -= RATE * value.grad
        return float(loss.data)

    return take


def products(start: dict[str, Any], x: Any) -> Take:
    """The eight matrix products of a step and nothing else; its loss is nobody's."""
    w1, w2, w3 = start["W1"], start["W2"], start["W3"]
    first = x @ w1
    second = first @ w2
    third = second @ w3

    def take() -> float:
        x @ w1
        first @ w2
        second @ w3
        second.T @ third
        third @ w3.T
        first.T @ second
        second @ w2.T
        x.T @ first
        return float("nan")

    return take
