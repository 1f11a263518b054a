"""What the forward pass says of names that are not recorded, of idle turns, and of where the program goes on."""

from __future__ import annotations

import pytest

from autograd_explain.explanation.idle import idle_turns
from autograd_explain.explanation.untracked import last_values
from autograd_explain.render.terminal import View, as_text
from tests.programs import Case, case, run_example

NEWTON = case("y = s\nfor i in range(9):\n    if abs(y*y - a) > 1e-9:\n        y = (y + a/y)/2\ny", s=1, a=2)


def forward(program: Case, **view: object) -> str:
    text = as_text(program.run(), View(**{"width": 80, **view}))  # type: ignore[arg-type]
    return text.partition("FORWARD")[2].partition("BACKWARD")[0]


def test_an_array_of_the_programs_own_stands_where_it_is_used() -> None:
    text = forward(case("keep = [1, 0, 1] \nscale = 2*keep\nsum(scale*x)", x=[1, 2, 3]))
    line = next(line for line in text.splitlines() if line.startswith("    scale"))
    assert line.startswith("    scale              nothing tracked in it")
    assert line.endswith("= [2, 0, 2]")
    assert text.index("    scale ") < text.index("v1 = scale·x")
    assert 1 == forward(case("k = [1, 2] + 0\nsum(k*x + k)", x=[1, 2])).count("nothing tracked in it")


def test_an_array_that_is_no_row_shows_its_rows() -> None:
    text = forward(case("I = eye(2)\nsum(I @ x)", x=[1, 2]))
    assert "nothing tracked in it, so not recorded\n          [[1  0]\n" in text


def test_plain_names_are_listed_with_their_last_values() -> None:
    text = forward(case("n = 0\nwhile n < 3:\n    n = n + 1\n    x = 2*x\nx", x=1))
    assert "    not recorded, for nothing tracked is in it; at the end:\n      n = 3\n" in text
    run = run_example("bisection")
    assert ["low", "high", "middle"] == [name for name, _ in last_values(run)]
    assert "low = 1.40625" in as_text(run) or "low = 1.41406" in as_text(run)


@pytest.mark.parametrize("text", ["y = 2*x\ny", "c = 3\nc*x", "for i in range(3):\n    x = x*2\nx"])
def test_recorded_names_literals_and_counters_are_not_listed(text: str) -> None:
    assert "not recorded" not in forward(case(text, x=1))


def test_idle_turns_are_one_line_and_all_shows_them() -> None:
    run = NEWTON.run()
    [turns] = idle_turns(run)
    assert (6, 9) == (turns.first, turns.last)
    text = " ".join(forward(NEWTON).split())
    assert "turn 5" in text
    assert "… turns 6 to 9 of for i in range(9) likewise: nothing in them leads to the result; --all" in text
    assert "turn 6" not in text
    assert "turn 9" in forward(NEWTON, all=True)


def test_turns_that_lead_to_the_result_are_not_idle() -> None:
    assert [] == idle_turns(case("for i in range(9):\n    x = 2*x\nx", x=1).run())
    assert [] == idle_turns(case("y = 0\nfor i in range(9):\n    y = 2*x\n3", x=1).run())
    assert [] == idle_turns(case("for i in range(2):\n    y = 2*x\nx*1", x=1).run())


def test_an_idle_loop_around_idle_loops_is_told_once() -> None:
    program = case("for i in range(4):\n    for j in range(4):\n        y = 2*x\n3*x", x=1)
    [turns] = idle_turns(program.run())
    assert (2, 4) == (turns.first, turns.last)
    assert "… turns 2 to 4 of for i in range(4) likewise" in " ".join(forward(program).split())


def test_after_a_call_the_line_that_goes_on_is_named() -> None:
    text = forward(case("def f(t): return 2*t + 1\nu = f(x)\n(u - 3)**2", x=1))
    assert "▸ f(x)\n" in text
    assert "▸ back in the program: (u - 3)**2\n" in text
    long = forward(case("def f(t): return 2*t\n" + " + ".join(["f(x)"] * 30), x=1))
    assert max(map(len, long.splitlines())) <= 80


def test_plain_signs_keep_the_columns() -> None:
    text = as_text(case("x*x + x", x=3).run(), View(ascii=True))
    columns = {line.index("=", 40) for line in text.splitlines() if line.startswith("      -> ")}
    assert {55} == columns
    assert "      -> x (left)      1 x 3                           = 3\n" in text
