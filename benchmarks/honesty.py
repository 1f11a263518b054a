"""Honesty: what the checkers say of right gradients and of wrong ones, over random programs that make sense.

`PROGRAMS=200 SEED=3 python -m benchmarks honesty`. Goal: no right gradient `differs`, at most 5 % are left
`undecided`, and no wrong one that shows `agrees`. Programs come from the strategies that the tests use; those within
a thousandth of a corner, or with numbers beyond a million, are not well-conditioned and are passed over.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from autograd_explain.check.run import check
from autograd_explain.core.op import Op
from autograd_explain.modes.records import Sweep
from autograd_explain.modes.reverse import reverse
from benchmarks.timing import table
from tests.programs import Case
from tests.strategies import array_programs, far_from_corners, scalar_programs

PROGRAMS = int(os.environ.get("PROGRAMS", "1050"))
SEED = int(os.environ.get("SEED", "1"))
LARGEST = 1e6
SHOWS = 1e-8  # of a gradient: what a wrong rule changes by less does not show in it
STATUSES = ("agrees", "convention", "undecided", "differs")
_BATCH = 100
FACTORS = (0.0, -1.0, 2.0, 1.01, 1.0 + 1e-6)


def main() -> None:
    """Print the counts for right gradients, for gradients with one wrong rule, and each wrong rule's own."""
    dice = random.Random(SEED)
    right: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    rules: Counter[tuple[str, str]] = Counter()
    reasons: list[str] = []
    for count, (program, run) in enumerate(sound_programs(PROGRAMS), 1):
        for verdict in check(run.recording, run.sweep):
            right[verdict.checker, verdict.status] += 1
            if verdict.status != "agrees":
                reasons.append(f"{verdict.checker} {verdict.target} {verdict.status}: {verdict.why}\n  {program}")
        for name, verdict in with_wrong_rule(run, dice, rules):
            wrong[verdict.checker, verdict.status] += 1
            rules[name, verdict.status] += 1
            if verdict.status == "agrees":
                reasons.append(f"WRONG {name} agrees: {verdict.checker} {verdict.target}\n  {program}")
        if count % 100 == 0:
            print(f"{count} programs", flush=True)
    report(right, wrong, rules, reasons)


def report(right: Counter[Any], wrong: Counter[Any], rules: Counter[Any], reasons: list[str]) -> None:
    """Print the three tables and what was not agreed on."""
    names = sorted({name for name, _ in rules})
    for title, counts, keys in (
        (f"right gradients of {PROGRAMS} programs, seed {SEED}", right, ("symbolic", "finite")),
        ("one wrong rule that shows", wrong, ("symbolic", "finite")),
        ("by the operation that is wrong", rules, names),
    ):
        rows = [[key, *(f"{counts[key, status]:,}" for status in STATUSES)] for key in keys]
        print(table((title, *STATUSES), rows))
        print()
    print(*reasons[:40], sep="\n")


def sound_programs(count: int) -> Iterator[tuple[Case, Any]]:
    """That many different well-conditioned programs with their runs, half of them on arrays."""
    seen: set[str] = set()
    batch = 0
    while len(seen) < count:
        batch += 1
        programs = scalar_programs() if batch % 2 else array_programs()
        for program in drawn(programs, min(_BATCH, 2 * count), SEED * 1000 + batch):
            key = repr(program)
            if key not in seen and len(seen) < count and (run := sound(program)) is not None:
                seen.add(key)
                yield program, run


def drawn(programs: Any, count: int, number: int) -> list[Case]:
    """Programs drawn from a strategy, the same for the same number."""
    found: list[Case] = []

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(programs)
    def collect(program: Case) -> None:
        found.append(program)

    collect()
    return found


def sound(program: Case) -> Any:
    """The program's run, None where it is not well-conditioned."""
    run = program.run()
    gradients = [gradient for gradient in run.sweep.gradients if gradient is not None]
    numbers = [*(node.value for node in run.recording.tape.nodes), *gradients]
    fit = all(np.all(np.isfinite(n)) and np.max(np.abs(n), initial=0.0) < LARGEST for n in numbers)
    return run if fit and far_from_corners(run) else None


def with_wrong_rule(run: Any, dice: random.Random, so_far: Counter[Any]) -> Iterator[tuple[str, Any]]:
    """The verdicts on the same run with one rule wrong, where that shows: of an operation that had few turns."""
    nodes = [n for n in run.recording.tape.nodes if n.tracked and n.inputs and run.sweep.gradients[n.index] is not None]
    if not nodes:
        return
    turns = {node.op.name: sum(so_far[node.op.name, status] for status in STATUSES) for node in nodes}
    name = min(turns, key=lambda name: (turns[name], name))
    node = dice.choice([node for node in nodes if node.op.name == name])
    right_op = node.op
    node.op = spoiled(right_op, dice.choice(FACTORS))
    try:
        sweep = reverse(run.recording.tape, run.recording.result)
        for verdict in check(run.recording, sweep):
            place = run.recording.inputs[verdict.target].index
            if shows(total(run.sweep, place), total(sweep, place)):
                yield name, verdict
    finally:
        node.op = right_op


def spoiled(op: Op, factor: float) -> Op:
    """The operation with every rule of it off by a factor."""

    def off(rule: Any) -> Any:
        if rule is None:
            return None
        return rule * factor if isinstance(rule, float) else _times(rule, factor)

    return replace(op, partials=tuple(map(off, op.partials)), vjp=tuple(map(off, op.vjp)))


def _times(rule: Callable[..., Any], factor: float) -> Callable[..., Any]:
    return lambda *args, **options: rule(*args, **options) * factor


def total(sweep: Sweep, place: int) -> Any:
    """The gradient of a value, 0 where nothing reached it."""
    return 0.0 if sweep.gradients[place] is None else sweep.gradients[place]


def shows(right: Any, wrong: Any) -> bool:
    """Whether a wrong rule moved the gradient at all."""
    return not np.allclose(right, wrong, rtol=SHOWS, atol=1e-12 * (1.0 + float(np.max(np.abs(right)))))
