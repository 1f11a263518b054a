"""Notes read back: the numbers in their sentences, worked out anew from a run's JSON.

A reader takes a note's text and the data, and gives (what the note says, what the data says) for every number it
knows how to find. Nothing of how notes are made is used here.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.render.evaluator import FUNCTIONS, evaluate
from tests.render.printed import in_python

NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|inf|nan)"
_SIDE = re.compile(r"(?:[-−\d.e+·×*/() <>=,]|inf|nan|σ|\b(?:" + "|".join(FUNCTIONS) + r")\b)+$")
_DIGITS = 4
Pair = tuple[float, float]


def equations_in(text: str) -> Iterator[tuple[str, str]]:
    """Every (arithmetic, number) that a sentence holds to be equal."""
    for match in re.finditer(rf" = ({NUMBER})(?![\w.]*\w)", text.replace("−", "-")):
        left = _SIDE.search(text.replace("−", "-")[: match.start()])
        arithmetic = in_python(re.sub(r"^[^\w(-]+", "", left[0])) if left else ""
        while arithmetic and not _parses(arithmetic):
            arithmetic = arithmetic[1:].lstrip(" :,)=")
        if arithmetic and re.search(r"[-+*/(]", arithmetic[1:]):
            yield arithmetic, match[1]


def _parses(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return text.count("(") == text.count(")")


def is_near(said: float, true: float, digits: int = _DIGITS) -> bool:
    """Whether a number said is the true one to half a unit of the last digit said."""
    if not (math.isfinite(said) and math.isfinite(true)) or said == true:
        return said == true or (math.isnan(said) and math.isnan(true))
    if true == 0.0 or said == 0.0:
        return False
    unit = 10.0 ** (math.floor(math.log10(abs(true))) - digits + 1)
    return abs(said - true) <= 0.5 * unit * (1 + 1e-6)


def value_of(data: dict[str, Any]) -> Callable[[Any], Any]:
    """JSON numbers as floats and arrays: the texts of what is not finite read back."""

    def back(value: Any) -> Any:
        if isinstance(value, list):
            return np.array([back(entry) for entry in value], dtype=float)
        return float(value) if value is not None else None

    return back


def _labels(data: dict[str, Any]) -> dict[str, Any]:
    return {node["label"]: node for node in data["nodes"]}


def _step(note: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in data["backward"] if step["step"] == note["step"])


def _meaning(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.match(rf"∂([^\s\[]+)(?:\[([\d,]+)\])? = ({NUMBER}) ", note["text"])
    assert found, note["text"]
    gradient = np.asarray(value_of(data)(data["gradients"][found[1]]))
    true = float(gradient[tuple(map(int, found[2].split(",")))] if found[2] else gradient)
    yield float(found[3]), true
    rate = re.search(rf"by ({NUMBER}) and .* changes by about ({NUMBER})\.", note["text"])
    if rate:
        yield float(rate[2]), float(rate[1]) * true


def _uses(node: dict[str, Any], data: dict[str, Any]) -> int:
    return sum(part["target"] == node["id"] for step in data["backward"] for part in step["parts"])


def _accumulation(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.match(r"(\S+) is used (\d+) times", note["text"])
    if found is None:  # rows that are looked up more than once
        return
    node = _labels(data)[found[1]]
    yield float(found[2]), _uses(node, data)
    added = rf"({NUMBER}) ([+-]) ({NUMBER}) [=≈] ({NUMBER}) so far"
    so_far = re.search(rf"(\[[\d,]+\])?:? ?\(?{added}", _plain(note["text"]))
    if so_far:
        parts = [part for part in _step(note, data)["parts"] if part["target"] == node["id"]]
        place = tuple(map(int, so_far[1][1:-1].split(","))) if so_far[1] else ()
        back = value_of(data)
        totals = [float(np.asarray(back(part["total_after"]))[place]) for part in parts]
        yield float(so_far[5]), min(totals, key=lambda total: abs(total - float(so_far[5])))


def _order(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.match(rf"(\S+) is used (\d+) times.*?(?:, ({NUMBER}) in all)?, and passes", _plain(note["text"]))
    if found is None:
        return
    node = _labels(data)[found[1]]
    yield float(found[2]), _uses(node, data)
    if found[3]:
        yield float(found[3]), float(node["gradient"])
        first = re.search(rf"hand on only ({NUMBER})\.", _plain(note["text"]))
        arrived = [p["contribution"] for s in data["backward"] for p in s["parts"] if p["target"] == node["id"]]
        if first:
            yield float(first[1]), float(arrived[0])


def _share(text: str, true: float) -> Iterator[Pair]:
    """`9.1 %`: two digits below ten percent, whole ones above."""
    if math.isfinite(true):
        yield float(text), float(f"{100 * true:.0f}" if true >= 0.1 else f"{100 * true:.2g}")


def _saturation(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    if "largest share" in note["text"]:
        return
    local = np.abs(np.ravel(value_of(data)(_step(note, data)["parts"][0]["local"])))
    passes = re.search(r"passes (?:as little as )?([\d.e+-]+) % of its upstream", note["text"])
    if passes:
        yield from _share(passes[1], float(local.min()))
    counted = re.search(r"at (\d+) of (\d+) entries", note["text"])
    if counted:
        yield float(counted[2]), local.size


def _dead(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    step = _step(note, data)
    node = data["nodes"][step["node"]]
    counted = re.search(r"at (\d+) of (\d+) entries of \S+ \(([\d.e+-]+) %\)", note["text"])
    if counted and node["op"] == "relu":
        entries = np.ravel(value_of(data)(data["nodes"][node["inputs"][0]]["value"]))
        yield float(counted[1]), int((entries < 0).sum())
        yield float(counted[2]), entries.size
        yield from _share(counted[3], float((entries < 0).mean()))
    single = re.search(rf"off here: (\S+) = ({NUMBER}) is", note["text"])
    if single:
        yield float(single[2]), float(np.ravel(value_of(data)(_labels(data)[single[1]]["value"]))[0])


def _where(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    counted = re.search(r"at (\d+) of (\d+) places", note["text"])
    if counted:
        node = data["nodes"][_step(note, data)["node"]]
        asked = np.asarray(value_of(data)(data["nodes"][node["inputs"][0]]["value"]))
        holds = np.broadcast_to(asked != 0, node["shape"])
        yield float(counted[1]), int(holds.sum())
        yield float(counted[2]), holds.size


def _records(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.search(r"recorded ([\d,]+) operation", note["text"])
    assert found, note["text"]
    yield float(found[1].replace(",", "")), sum(bool(node["inputs"]) for node in data["nodes"])


def _ratio(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.match(rf"The gradient by (\S+) is ({NUMBER}) times (smaller|larger)", note["text"])
    assert found, note["text"]
    back = value_of(data)
    size = float(np.max(np.abs(back(data["gradients"][found[1]]))))
    yield float(found[2]), size if found[3] == "larger" else 1 / size


def _factors(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    """How far off, the factor to blame as a step's own, and the product of factors that are all there."""
    yield from _ratio(note, data)
    text, back = note["text"], value_of(data)
    blamed = re.search(rf"(?:smallest|largest) factor is ({NUMBER}), at \S+ \((\S+)\)\.$", text)
    chain = re.search(r"Along the way to it: (.*?);", text)
    assert chain, text
    factors = [float(factor) for factor in re.findall(NUMBER, chain[1].partition(" × …")[0])]
    if blamed is None:  # a meeting of paths: what is left of the largest contribution
        met = re.search(rf"to (\S+) all but cancel, of ({NUMBER}) only ({NUMBER}) is left", text)
        assert met, text
        node = _labels(data)[met[1]]
        parts = [p for step in data["backward"] for p in step["parts"] if p["target"] == node["id"]]
        yield float(met[2]), max(float(np.max(np.abs(back(part["contribution"])))) for part in parts)
        yield float(met[3]), float(np.max(np.abs(back(node["gradient"]))))
        return
    step = next(s for s in data["backward"] if data["nodes"][s["node"]]["label"] == blamed[2])
    above = float(np.max(np.abs(back(step["upstream"]))))
    shares = [float(np.max(np.abs(back(part["contribution"])))) / above for part in step["parts"]]
    yield float(blamed[1]), min(shares, key=lambda share: abs(share - float(blamed[1])))
    whole = re.search(r"\((\d+) factors\)", text)
    if whole is None:
        most = min if note["kind"] == "vanishing" else max
        yield float(blamed[1]), most(factors)


def _broadcast(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    found = re.match(
        r"(\S+) was stretched from \(([\d,]*)\) to \(([\d,]*)\): .*? used (\d+) times, so (\d+) contributions add up, "
        r"along (?:axis|axes) (.*)\.$", note["text"],
    )  # fmt: skip
    if found is None:  # the second time, or a batch of matrices
        return
    sizes = [[int(size) for size in re.findall(r"\d+", found[place])] for place in (2, 3)]
    shapes = (_labels(data)[found[1]]["shape"], data["nodes"][_step(note, data)["node"]]["shape"])
    yield from _entries(sizes[0], shapes[0])
    yield from _entries(sizes[1], shapes[1])
    times = math.prod(sizes[1]) / math.prod(sizes[0])
    yield from ((float(found[place]), times) for place in (4, 5))
    new = len(shapes[1]) - len(shapes[0])
    before = [1] * new + shapes[0]  # a new axis of one entry stretches nothing
    axes = [axis for axis in range(len(before)) if before[axis] != shapes[1][axis]]
    yield from _entries([int(axis) for axis in re.findall(r"\d+", found[6])], axes)


def _entries(said: list[int], true: list[int]) -> Iterator[Pair]:
    """How many there are, and each beside its own."""
    yield float(len(said)), float(len(true))
    yield from zip(map(float, said), map(float, true), strict=False)


def _saved(note: dict[str, Any], data: dict[str, Any]) -> Iterator[Pair]:
    """How many values the note names, and eight bytes for each of their entries."""
    said = re.match(r"The rules will need ([\d,]+) values?, ([\d,]+) bytes?, kept", note["text"])
    assert said, note["text"]
    if "…" in note["text"]:  # not every value is named
        return
    kept = set()
    for needed in re.finditer(r"\w+ \((\S+)\) needs ([^;.]*(?:\[[^;]*\])?)", note["text"]):
        for name in needed[2].split(", "):
            kept.add(needed[1] if name == "its output" else name)
    labels = _labels(data)
    yield float(said[1].replace(",", "")), len(kept)
    yield float(said[2].replace(",", "")), sum(8 * math.prod(labels[name]["shape"]) for name in kept)


def _plain(text: str) -> str:
    return text.replace("−", "-")


READERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Iterator[Pair]]] = {
    "accumulation": _accumulation,
    "broadcast": _broadcast,
    "dead-relu": _dead,
    "exploding": _factors,
    "meaning": _meaning,
    "order": _order,
    "records-only": _records,
    "saturation": _saturation,
    "saved": _saved,
    "vanishing": _factors,
    "where": _where,
}


def untrue(data: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every note with a number that the data does not give, and the number."""
    wrong: list[tuple[str, Any]] = []
    for note in data["notes"]:
        for arithmetic, number in equations_in(note["text"]):
            if not is_near(float(number), evaluate(arithmetic)):
                wrong.append((note["text"], (arithmetic, number)))
        reader = READERS.get(note["kind"])
        wrong += [(note["text"], pair) for pair in (reader(note, data) if reader else ()) if not is_near(*pair)]
    return wrong
