"""The printed updates of each optimizer, read back and worked out by hand: the textbook's formulas, nothing of ours."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.render.printed import equations, is_true

Command = Callable[..., Any]
LINE = ("train", "(x - 3)**2*y", "--x", "1", "--y", "2", "--lr", "0.1", "--steps", "3", "--no-notes")
EPS = 1e-8
HALF_A_DIGIT = 5.01e-6  # of the sixth digit, the last that is printed
Kept = dict[str, float]
Hand = Callable[[float, float, int, Kept], Iterator[tuple[str, float]]]
"""Each printed quantity of one update in order, from the parameter, its gradient, the step, and what is kept."""


def gradient(name: str, x: float, y: float) -> float:
    return 2 * (x - 3) * y if name == "x" else (x - 3) ** 2


def sgd(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    yield "w", w - 0.1 * g


def heavy_sgd(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    g = g + 0.1 * w
    yield "g", g
    kept["buf"] = g if t == 1 else 0.9 * kept["buf"] + 0.8 * g
    yield "buf", kept["buf"]
    yield "w", w - 0.1 * kept["buf"]


def nesterov(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    kept["buf"] = g if t == 1 else 0.9 * kept["buf"] + g
    yield "buf", kept["buf"]
    yield "g", g + 0.9 * kept["buf"]
    yield "w", w - 0.1 * (g + 0.9 * kept["buf"])


def adagrad(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    kept["s"] = kept.get("s", 0.0) + g * g
    yield "s", kept["s"]
    yield "w", w - 0.1 * g / (math.sqrt(kept["s"]) + 1e-10)


def rmsprop(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    kept["s"] = 0.99 * kept.get("s", 0.0) + 0.01 * g * g
    kept["a"] = 0.99 * kept.get("a", 0.0) + 0.01 * g
    size = math.sqrt(kept["s"] - kept["a"] ** 2) + EPS
    kept["buf"] = 0.5 * kept.get("buf", 0.0) + g / size
    yield from (("s", kept["s"]), ("a", kept["a"]), ("d", size), ("buf", kept["buf"]), ("w", w - 0.1 * kept["buf"]))


def moments(g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    kept["m"] = 0.9 * kept.get("m", 0.0) + 0.1 * g
    kept["v"] = 0.999 * kept.get("v", 0.0) + 0.001 * g * g
    yield from (("m", kept["m"]), ("v", kept["v"]))


def adam(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    yield from moments(g, t, kept)
    mean, size = kept["m"] / (1 - 0.9**t), kept["v"] / (1 - 0.999**t)
    yield from (("m̂", mean), ("v̂", size), ("w", w - 0.1 * mean / (math.sqrt(size) + EPS)))


def amsgrad(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    yield from moments(g, t, kept)
    kept["top"] = max(kept.get("top", 0.0), kept["v"])
    mean, size = kept["m"] / (1 - 0.9**t), kept["top"] / (1 - 0.999**t)
    yield from (("m̂", mean), ("top", kept["top"]), ("v̂", size), ("w", w - 0.1 * mean / (math.sqrt(size) + EPS)))


def adamw(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    w = w * (1 - 0.1 * 0.01)
    yield "w", w
    yield from adam(w, g, t, kept)


def nadam(w: float, g: float, t: int, kept: Kept) -> Iterator[tuple[str, float]]:
    yield from moments(g, t, kept)
    now, then = (0.9 * (1 - 0.5 * 0.96 ** (step * 0.004)) for step in (t, t + 1))
    kept["product"] = kept.get("product", 1.0) * now
    mean = then * kept["m"] / (1 - kept["product"] * then) + (1 - now) * g / (1 - kept["product"])
    size = kept["v"] / (1 - 0.999**t)
    yield from (("μ", now), ("μ₊", then), ("Π", kept["product"]), ("m̂", mean), ("v̂", size))
    yield "w", w - 0.1 * mean / (math.sqrt(size) + EPS)


BY_HAND: dict[str, Hand] = {
    "sgd": sgd,
    "sgd(momentum=0.9, dampening=0.2, weight_decay=0.1)": heavy_sgd,
    "sgd(momentum=0.9, nesterov=True)": nesterov,
    "adagrad": adagrad,
    "rmsprop(centered=True, momentum=0.5)": rmsprop,
    "adam": adam,
    "adam(amsgrad=True)": amsgrad,
    "adamw": adamw,
    "nadam": nadam,
}


def expected(hand: Hand, steps: int) -> tuple[list[tuple[str, float]], dict[str, float]]:
    """The quantities of the last step's update, x before y, and where the parameters are after it."""
    place = {"x": 1.0, "y": 2.0}
    kept: dict[str, Kept] = {"x": {}, "y": {}}
    told: list[tuple[str, float]] = []
    for t in range(1, steps + 1):
        told, after = [], {}
        for name, value in place.items():
            made = list(hand(value, gradient(name, **place), t, kept[name]))
            told += [(name if quantity == "w" else quantity, number) for quantity, number in made]
            after[name] = made[-1][1]
        place = after
    return told, place


_BEGUN = re.compile(r"^ {4}(?:x|y|lr)? +(\S+) ← ")
_RESULT = re.compile(r"[=≈] (\S+)$")


def printed(block: str) -> list[tuple[str, float]]:
    """Each line of an UPDATE block: what is set, and to which number."""
    found: list[tuple[str, float]] = []
    name = ""
    for line in block.splitlines():
        begun = _BEGUN.match(line)
        name = begun[1] if begun else name
        result = _RESULT.search(line)
        if name and result and re.fullmatch(r"−?[\d.e+−]+", result[1]):
            found.append((name, float(result[1].replace("−", "-"))))
            name = ""
    return found


@pytest.mark.parametrize("optimizer", BY_HAND)
@pytest.mark.parametrize("step", [1, 2, 3])
def test_every_printed_quantity_is_the_textbooks(command: Command, optimizer: str, step: int) -> None:
    out = command(*LINE, "--optimizer", optimizer, "--explain", str(step)).out
    block = out.split("  UPDATE ")[1].split("  STEPS ")[0].split("\n", 1)[1]
    told, after = expected(BY_HAND[optimizer], step)
    found = printed(block)
    assert [name for name, _ in told] == [name for name, _ in found]
    for (name, value), (_, number) in zip(told, found, strict=True):
        assert value == pytest.approx(number, rel=HALF_A_DIGIT, abs=1e-12), name
    checked = list(equations(block))
    assert [] == [pair for pair in checked if not is_true(*pair)]
    assert len(checked) >= len(found) // 2
    rows = command(*LINE, "--optimizer", optimizer, "--format", "jsonl").out.splitlines()
    assert after == pytest.approx(json.loads(rows[step - 1])["parameters"], rel=1e-12)


def test_a_schedule_and_clipping_are_worked_out_too(command: Command) -> None:
    more = ("--schedule", "step(every=1, factor=0.5)", "--clip-norm", "1", "--explain", "2")
    block = command(*LINE, *more).out.split("  UPDATE ")[1].split("  STEPS ")[0]
    assert [] == [pair for pair in equations(block) if not is_true(*pair)]
    found = dict(printed(block.split("\n", 1)[1]))
    place = {"x": 1.0, "y": 2.0}
    for t in (1, 2):
        slopes = {name: gradient(name, **place) for name in place}
        length = math.hypot(*slopes.values())
        cut = min(1.0, 1.0 / (length + 1e-6))
        place = {name: place[name] - 0.1 * 0.5 ** (t - 1) * cut * slopes[name] for name in place}
    assert place == pytest.approx({name: found[name] for name in place}, rel=HALF_A_DIGIT)
    assert 0.05 == found["lr"]


def test_the_reading_back_can_fail() -> None:
    block = "    x      x ← x − lr·∂x   = 1 − 0.1·2 = 0.9\n"
    assert [("x", 0.9)] == printed(block)
    assert [pair for pair in equations(block) if not is_true(*pair)]
