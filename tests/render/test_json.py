"""The data: its schema, and what it promises of every step, held with an evaluator of the tests' own."""

from __future__ import annotations

import ast
import io
import json
import math
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

from autograd_explain import explain, functions
from autograd_explain.render import as_json
from autograd_explain.render.theme import View
from tests.programs import ARRAYS, EVERY, EXAMPLE, NON_FINITE, SCALAR, Case, case, run_example, sound_examples
from tests.render.evaluator import FUNCTIONS, evaluate

SCHEMA = json.loads(files("autograd_explain").joinpath("schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def back(value: Any) -> Any:
    """A value of the data as a number or array again."""
    if isinstance(value, list):
        return np.array([back(entry) for entry in value], dtype=float)
    return WORDS.get(value, value) if isinstance(value, str) else value


def same(left: Any, right: Any) -> bool:
    """Equal to the last bit, nan included."""
    return np.array_equal(np.asarray(back(left)), np.asarray(back(right)), equal_nan=True)


def summed_to(value: Any, shape: tuple[int, ...]) -> Any:
    """An array summed over the axes that broadcasting stretched from `shape`."""
    array = np.asarray(value)
    while array.ndim > len(shape):
        array = array.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            array = array.sum(axis=axis, keepdims=True)
    return array


@pytest.fixture(params=EVERY, ids=str, scope="module")
def data(request: pytest.FixtureRequest) -> dict[str, Any]:
    return request.param.run().to_dict()


def steps_forward(data: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {entry["id"]: entry for entry in data["nodes"]}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_holds_no_web_address() -> None:
    assert "://" not in json.dumps(SCHEMA)


def test_the_schema_refuses_what_is_not_in_it() -> None:
    entry = EXAMPLE.run().to_dict()
    entry["nodes"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(entry)


def test_data_conforms(data: dict[str, Any]) -> None:
    VALIDATOR.validate(data)


@pytest.mark.parametrize("name", sound_examples())
def test_examples_conform(name: str) -> None:
    data = run_example(name).to_dict()
    VALIDATOR.validate(data)
    check_ledgers(data)
    check_contributions(data)
    check_texts(data)


def test_checked_data_conforms() -> None:
    data = EXAMPLE.run(check=True).to_dict()
    VALIDATOR.validate(data)
    assert ["agrees"] * 6 == [entry["status"] for entry in data["checks"]]


def test_a_python_function_conforms() -> None:
    data = explain(lambda w, x: functions.sum(functions.relu(w @ x)), w=[[1, 2], [3, 4]], x=[1, -1]).to_dict()
    VALIDATOR.validate(data)
    assert "functions.relu(w @ x)" in data["source"]


def test_ids_ascend_and_refer_back(data: dict[str, Any]) -> None:
    assert list(range(len(data["nodes"]))) == [entry["id"] for entry in data["nodes"]]
    assert all(argument < entry["id"] for entry in data["nodes"] for argument in entry["inputs"])


def test_steps_count_from_one_and_walk_back(data: dict[str, Any]) -> None:
    assert list(range(1, len(data["backward"]) + 1)) == [step["step"] for step in data["backward"]]
    walked = [step["node"] for step in data["backward"]]
    assert sorted(walked, reverse=True) == walked


def test_notes_point_at_steps_and_nodes_that_are_there(data: dict[str, Any]) -> None:
    for note in data["notes"]:
        assert note["step"] is None or 1 <= note["step"] <= len(data["backward"])
        assert note["node"] is None or note["node"] < len(data["nodes"])


def test_inputs_and_gradients_go_together(data: dict[str, Any]) -> None:
    tracked = [entry["name"] for entry in data["inputs"] if entry["tracked"]]
    assert sorted(tracked) == sorted(data["gradients"])
    for entry in data["inputs"]:
        node = data["nodes"][entry["node"]]
        assert (entry["name"], "input") == (node["name"], node["op"])
        if entry["tracked"]:
            assert same(data["gradients"][entry["name"]], node["gradient"])


def check_ledgers(data: dict[str, Any]) -> None:
    """Totals start at zero, grow by each contribution exactly, and end as the gradient."""
    totals: dict[int, Any] = {}
    for part in (part for step in data["backward"] for part in step["parts"]):
        before, after = back(part["total_before"]), back(part["total_after"])
        if part["target"] in totals:
            assert same(totals[part["target"]], before)
        else:
            assert not np.any(before)
        with np.errstate(invalid="ignore"):
            assert same(np.asarray(before) + np.asarray(back(part["contribution"])), after)
        totals[part["target"]] = after
    for index, total in totals.items():
        assert same(total, data["nodes"][index]["gradient"])


def check_contributions(data: dict[str, Any]) -> None:
    """Elementwise: upstream × local, summed over what broadcasting stretched."""
    for step in data["backward"]:
        assert same(step["upstream"], data["nodes"][step["node"]]["gradient"])
        for part in (part for part in step["parts"] if part["local"] is not None):
            with np.errstate(invalid="ignore", over="ignore"):
                product = np.asarray(back(step["upstream"])) * np.asarray(back(part["local"]))
                expected = summed_to(product, tuple(data["nodes"][part["target"]]["shape"]))
                largest = np.nan_to_num(np.max(np.abs(product), initial=0.0) * product.size, posinf=0.0)
            last_bits = 2.0**-52 * float(largest)  # a sum whose terms cancel is known to these, in whatever order
            np.testing.assert_allclose(back(part["contribution"]), expected, rtol=1e-14, atol=last_bits)


def check_texts(data: dict[str, Any]) -> None:
    """Formulas and rules are Python's syntax, in ASCII but for the user's own names."""
    texts = [entry[key] for entry in data["nodes"] for key in ("formula", "filled")]
    texts += [part[key] for step in data["backward"] for part in step["parts"] for key in ("rule", "filled")]
    for text in texts:
        ast.parse(text, mode="eval")
    names = "".join(entry["label"] for entry in data["nodes"])
    assert not {c for text in texts for c in text if not c.isascii()} - set(names)


def test_ledgers(data: dict[str, Any]) -> None:
    check_ledgers(data)


def test_contributions(data: dict[str, Any]) -> None:
    check_contributions(data)


def test_texts_parse(data: dict[str, Any]) -> None:
    check_texts(data)


def test_the_results_gradient_is_the_seed() -> None:
    assert 2.5 == EXAMPLE.run(upstream=2.5).to_dict()["nodes"][-1]["gradient"]


def names_in(text: str) -> set[str]:
    """The names that a formula reads."""
    tree = ast.walk(ast.parse(text, mode="eval"))
    return {node.id for node in tree if isinstance(node, ast.Name)} - set(FUNCTIONS) - {"inf", "nan"}


@pytest.mark.parametrize("program", SCALAR, ids=str)
def test_formulas_give_the_values(program: Case) -> None:
    data = program.run().to_dict()
    names = {entry["label"]: back(entry["value"]) for entry in data["nodes"]}
    for entry in data["nodes"]:
        wanted = pytest.approx(back(entry["value"]), rel=1e-9, abs=1e-15)
        assert wanted == evaluate(entry["filled"])
        if names_in(entry["formula"]) <= names.keys():  # a constant's own text, such as i + 1, has names of its own
            assert wanted == evaluate(entry["formula"], names)


@pytest.mark.parametrize("program", SCALAR, ids=str)
def test_rules_give_the_locals(program: Case) -> None:
    data = program.run().to_dict()
    names = {entry["label"]: back(entry["value"]) for entry in data["nodes"]} | {"upstream": math.nan}
    for step in data["backward"]:
        names["upstream"] = back(step["upstream"])
        for part in step["parts"]:
            local = part["contribution"] if part["local"] is None else part["local"]
            wanted = pytest.approx(back(local), rel=1e-9, abs=1e-15)
            assert wanted == evaluate(part["filled"])
            if names_in(part["rule"]) <= names.keys():
                assert wanted == evaluate(part["rule"], names)


@pytest.mark.parametrize("program", [EXAMPLE, *ARRAYS[:3], *NON_FINITE], ids=str)
def test_streamed_text_is_the_data(program: Case) -> None:
    run = program.run()
    out = io.StringIO()
    as_json.write(run, View(), out)
    whole = run.to_dict()
    assert json.dumps(whole, allow_nan=False) == json.dumps(json.loads(out.getvalue()), allow_nan=False)


def test_streamed_text_comes_in_pieces() -> None:
    pieces = list(as_json.pieces(case("s = 0\nfor i in range(200):\n    s = s + x\ns", x=1).run()))
    assert len(pieces) > 400
    assert max(map(len, pieces)) < 1000


def test_no_word_outside_rfc_8259() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    for program in NON_FINITE:
        json.loads("".join(as_json.pieces(program.run())), parse_constant=refuse)


def test_non_finite_numbers_are_words() -> None:
    data = case("[log(x), -log(x), log(x) - log(x)]", x=0).run().to_dict()
    assert ["-inf", "inf", "nan"] == data["value"]


def test_arrays_with_non_finite_entries_are_nested_lists() -> None:
    data = case("1/X", X=[[1.0, 0.0], [2.0, 4.0]]).run().to_dict()
    assert [[1.0, "inf"], [0.5, 0.25]] == data["value"]
    assert [[-1.0, "-inf"], [-0.25, -0.0625]] == data["gradients"]["X"]


@pytest.mark.parametrize("number", [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1e22])
def test_floats_round_trip(number: float) -> None:
    text = "".join(as_json.pieces(case("x + y", x=number, y=0).run()))
    found = json.loads(text)["inputs"][0]["value"]
    assert (number, math.copysign(1, number)) == (found, math.copysign(1, found))


def test_spans_cut_out_the_text_as_typed() -> None:
    data = case("α = 2·x²\nβ₁ = α^3 − sin(α)\n# Σ\nβ₁ ÷ x", x=1.5).run().to_dict()
    cut = {entry["formula"]: data["source"][slice(*entry["span"])] for entry in data["nodes"] if entry["inputs"]}
    assert {
        "x**2": "x²", "2*v1": "2·x²", "α**3": "α^3", "sin(α)": "sin(α)", "v2 - v3": "α^3 − sin(α)", "β1/x": "β₁ ÷ x",
    } == cut  # fmt: skip


def test_spans_of_branches_and_scopes() -> None:
    data = case("for i in range(2):\n    if x² > 2:\n        x = x^2\nx", x=1.5).run().to_dict()
    source = data["source"]
    assert ["x² > 2"] * 2 == [source[slice(*branch["span"])] for branch in data["branches"]]
    assert [True, True] == [branch["taken"] for branch in data["branches"]]
    assert [1, 2] == [scope["iteration"] for scope in data["scopes"]]
    assert {"loop"} == {scope["kind"] for scope in data["scopes"]}
    assert all(source[slice(*scope["span"])].startswith("for i in") for scope in data["scopes"])


def test_a_call_inside_a_loop_has_the_turn_as_its_parent() -> None:
    data = case("def f(t): return t*t\nfor i in range(2):\n    x = f(x)\nx", x=1.5).run().to_dict()
    assert [("loop", None), ("call", 0), ("loop", None), ("call", 2)] == [
        (scope["kind"], scope["parent"]) for scope in data["scopes"]
    ]
    assert [1, 3] == [entry["scope"] for entry in data["nodes"] if entry["inputs"]]


def test_untracked_values_have_no_gradient_and_no_part() -> None:
    data = EXAMPLE.run(wrt=["w"]).to_dict()
    assert ["w"] == list(data["gradients"])
    targets = {part["target"] for step in data["backward"] for part in step["parts"]}
    assert all(data["nodes"][index]["tracked"] for index in targets)
    assert [None, None] == [
        data["nodes"][entry["node"]]["gradient"] for entry in data["inputs"] if not entry["tracked"]
    ]


@pytest.mark.parametrize(
    "program",
    [
        case("sum(relu(-X)*w)", X=[2.0, 3.0], w=3),
        case("0*(-(x*w))", x=2, w=3),
        case("mean(maximum(0, 1 - t*s))", t=1, s=3),
    ],
    ids=str,
)
def test_a_zero_that_arrives_has_the_sign_of_the_gradient(program: Case) -> None:
    data = program.run().to_dict()
    for step in data["backward"]:
        assert repr(data["nodes"][step["node"]]["gradient"]) == repr(step["upstream"])
