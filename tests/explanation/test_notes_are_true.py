"""Every number in a note is the run's own: read back from the text and worked out anew, over random programs."""

from __future__ import annotations

import copy
import io
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autograd_explain import explain
from autograd_explain.errors import LimitError
from autograd_explain.explanation.faults import FAULTS
from autograd_explain.explanation.paths import paths
from autograd_explain.explanation.versus import compare
from autograd_explain.pipeline import with_fault
from autograd_explain.render import versus
from autograd_explain.render.terminal import View, as_text
from tests.explanation.recomputed import READERS, equations_in, is_near, untrue
from tests.programs import EVERY, Case, case, run_example, sound_examples
from tests.render.printed import equations, is_true
from tests.strategies import NAMES, array_programs, scalar_programs, values

few = settings(
    max_examples=20, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
PROGRAMS = scalar_programs() | array_programs()


@few
@given(PROGRAMS)
def test_every_number_in_a_note_is_the_runs(program: Case) -> None:
    assert [] == untrue(program.run().to_dict())


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_every_number_in_a_note_of_known_programs(program: Case) -> None:
    assert [] == untrue(program.run().to_dict())


@pytest.mark.parametrize("name", sound_examples())
def test_every_number_in_a_note_of_the_gallery(name: str) -> None:
    assert [] == untrue(run_example(name).to_dict())


RICH = case(
    "h = relu(x)\ns = sigmoid(9*w)\nc = where(x > 0, x, 2*x)\nu = sum(h*s) + sum(c)*exp(-30*w)\nu*u + u",
    x=[-1.5, 0.3, 2], w=1.1,
)  # fmt: skip


def test_a_number_that_is_wrong_is_found() -> None:
    data = RICH.run().to_dict()
    assert [] == untrue(data)
    kinds = {note["kind"] for note in data["notes"]}
    assert {"meaning", "accumulation", "order", "saturation", "dead-relu", "where", "records-only"} <= kinds
    for place, note in enumerate(data["notes"]):
        if note["kind"] not in READERS or "(as " in note["text"]:
            continue
        for found in re.finditer(r"(?<![\w.\[])\d+(?:\.\d+)?(?![\w.\]])", note["text"]):
            other = copy.deepcopy(data)
            more = f"{note['text'][: found.start()]}{float(found[0]) * 7 + 3:g}{note['text'][found.end() :]}"
            other["notes"][place]["text"] = more
            if untrue(other):
                break
        else:
            pytest.fail(f"no changed number was noticed in: {note['text']}")


def test_arithmetic_in_a_sentence_is_found() -> None:
    assert [("0 * inf", "nan")] == list(equations_in("the slope is inf, and 0 × inf = nan."))
    assert [("-0.2837 + 2", "1.716")] == list(equations_in("the paths add up (−0.2837 + 2 = 1.716 so far)."))
    assert [("1/3", "0.3333")] == list(equations_in("so each of them gets 1/3 = 0.3333 of the upstream."))
    assert [("log(0)", "-inf")] == list(equations_in("from x = 0: log(0) = -inf."))
    assert not is_near(1.717, -0.2837 + 2)


# What would have come through a cut edge, what the better form gives: the same program run another way.


@few
@given(scalar_programs())
def test_what_would_have_arrived_is_what_arrives_once_tracked(program: Case) -> None:
    names = list(program.values)
    whole, some = program.run(), program.run(wrt=names[:1])
    for note in some.notes:
        found = re.match(r"(\w+) is not tracked.* it would have got ([-\d.einf]+?)\.?(?: \(|$)", note.text)
        if note.kind == "detached" and found:
            assert is_near(float(found[2]), whole.gradients[found[1]]), note.text


# The other views, their arithmetic read back.


def wrong(text: str) -> list[tuple[str, str]]:
    return [pair for pair in equations(text) if not is_true(*pair)]


@few
@given(PROGRAMS, st.sampled_from(("forward", "both")))
def test_the_arithmetic_of_the_other_modes_is_true(program: Case, mode: str) -> None:
    assert [] == wrong(as_text(program.run(mode=mode), View(all=True)))


@few
@given(scalar_programs())
def test_paths_are_products_and_add_up(program: Case) -> None:
    run = program.run()
    try:
        run.paths = paths(run)
    except LimitError:
        assume(False)
    assert [] == wrong(as_text(run, View(all=True)))
    data = run.to_dict()
    for name, own in data["paths"].items():
        products = [path["product"] for path in own]
        room = 1e-9 * (1 + sum(map(abs, products)))
        assert data["gradients"][name] == pytest.approx(math.fsum(products), abs=room)
        assert all(path["nodes"][-1] == data["nodes"][run.result.index]["id"] for path in own)


@few
@given(scalar_programs(), st.fixed_dictionaries({name: values() for name in NAMES}))
def test_both_columns_of_two_runs_are_each_runs_own(program: Case, other: dict[str, float]) -> None:
    second = {name: other[name] for name in program.values}
    out = io.StringIO()
    comparison = compare(program.run(), explain(program.text, second))
    versus.write(comparison, View(width=120), out)
    lines = out.getvalue().partition("GRADIENTS")[2].splitlines()
    found = {line.split()[0]: line.split()[1:3] for line in lines if line.strip().startswith("∂")}
    for name in program.values:
        here, there = (float(text.replace("−", "-")) for text in found[f"∂{name}"])
        assert is_near(here, float(program.run().gradients[name]), 6)
        assert is_near(there, float(explain(program.text, second).gradients[name]), 6)


@few
@given(scalar_programs(), st.sampled_from(sorted(FAULTS)))
def test_the_arithmetic_beside_a_fault_is_true(program: Case, fault: str) -> None:
    text = as_text(with_fault(program.run(), fault), View(width=100, all=True))
    right = text.partition("with " + fault)[0]  # what the broken engine says is wrong on purpose
    assert [] == wrong(right)
    damage = {line.split()[0]: line.split()[1] for line in text.partition("DAMAGE")[2].splitlines() if "  ∂" in line}
    for name, said in damage.items():
        if re.fullmatch(r"[-−\d.e+]+", said) and name[1:] in program.values:
            assert is_near(float(said.replace("−", "-")), float(program.run().gradients[name[1:]]), 6)


def test_a_gradient_that_is_none_is_no_number() -> None:
    assert np.isnan(float("nan"))
    assert not is_near(float("nan"), 1.0)
    assert is_near(float("inf"), float("inf"))


def untrue_of(text: str, **given: Any) -> list[Any]:
    return untrue(explain(text, given).to_dict())


def test_vanishing_and_exploding_are_measured() -> None:
    assert [] == untrue_of("exp(-20*x)*x", x=1)
    assert [] == untrue_of("exp(20*x)", x=1)
