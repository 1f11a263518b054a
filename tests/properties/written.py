"""Laws of the step log and of what is written: each a function of a case that asserts it."""

from __future__ import annotations

import ast
import io
import json
import zlib
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.check.verifier import verify
from autograd_explain.render import as_json
from autograd_explain.render.formats import BY_NAME, FORMATS
from autograd_explain.render.theme import View
from tests.code.scripts import apart, run
from tests.programs import Case
from tests.render.evaluator import evaluate
from tests.render.printed import equations, is_true
from tests.render.test_json import VALIDATOR, WORDS, back, check_contributions, check_ledgers, check_texts, names_in


def chosen(case: Case, options: Sequence[Any]) -> Any:
    """One of the options, always the same for the same program."""
    return options[zlib.crc32(repr(case).encode()) % len(options)]


def books(case: Case) -> None:
    data = case.run().to_dict()
    check_ledgers(data)
    check_contributions(data)
    check_texts(data)


def schema(case: Case) -> None:
    VALIDATOR.validate(case.run().to_dict())


def edges(case: Case) -> None:
    data = case.run().to_dict()
    nodes = data["nodes"]
    reached = {data["backward"][0]["node"]} if data["backward"] else set()
    ways = []
    for node in reversed(nodes):
        for index in _differentiated(node, nodes) if node["id"] in reached else ():
            reached.add(index)
            ways.append((node["id"], index))
    assert sorted(ways) == sorted((s["node"], part["target"]) for s in data["backward"] for part in s["parts"])


def _differentiated(node: dict[str, Any], nodes: list[dict[str, Any]]) -> list[int]:
    """The inputs that get a contribution: the tracked ones, a condition of `where` excepted."""
    asked = node["inputs"][1:] if node["op"] == "where" else node["inputs"]
    return [index for index in asked if nodes[index]["tracked"]]


def streamed(case: Case) -> None:
    found = case.run()
    out = io.StringIO()
    as_json.write(found, View(), out)
    assert json.loads(json.dumps(found.to_dict())) == json.loads(out.getvalue())


def verified(case: Case) -> None:
    verdict = verify(json.loads(json.dumps(case.run().to_dict())))
    assert ([], []) == (verdict.problems, verdict.left_open)


def printed(case: Case) -> None:
    width, digits = chosen(case, [(width, digits) for width in (60, 100) for digits in (4, 6, 12)])
    out = io.StringIO()
    BY_NAME["text"].write(case.run(), View(width=width, digits=digits, all=True), out)
    assert [] == [pair for pair in equations(out.getvalue()) if not is_true(*pair, digits)]


def formulas(case: Case) -> None:
    data = case.run().to_dict()
    plain = not any(map(np.ndim, case.values.values()))
    names = {node["label"]: back(node["value"]) for node in data["nodes"]} | WORDS  # inf and nan are written as words
    for node in data["nodes"]:
        read = {each.id for each in ast.walk(ast.parse(node["formula"])) if isinstance(each, ast.Name)} & names.keys()
        if names_in(node["formula"]) <= read and node["inputs"]:
            wanted = pytest.approx(back(node["value"]), rel=1e-9, abs=1e-12)
            assert wanted == explain(node["formula"], {name: names[name] for name in read}).value
            if plain and " if " not in node["formula"]:  # the tests' own evaluator knows numbers and no choices
                assert wanted == evaluate(node["formula"], names)


def formats(case: Case) -> None:
    found = case.run()
    written = {}
    for row in FORMATS:
        if not row.binary:  # a PNG is the SVG drawn by a library
            out = io.StringIO()
            width = 1000 if row.name == "graph" else chosen(case, (40, 80, 120))  # a graph refuses what is too narrow
            row.write(found, View(width=width), out)
            written[row.name] = out.getvalue()
    assert [] == [name for name, text in written.items() if not text.strip()]
    ET.fromstring(written["svg"])  # noqa: S314 - our own
    for name in ("torch", "jax"):
        ast.parse(written[name])
    assert [] == apart(found, run(written["python"]))
