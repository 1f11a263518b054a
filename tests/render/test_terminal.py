"""The terminal's text: golden views, true arithmetic, widths, symbols, and hostile text as text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_explain import explain, functions
from autograd_explain.render.terminal import View, as_text
from autograd_explain.source import cell_width
from tests.golden.views import PROGRAMS, WIDTHS, agrees, golden, path_of, text_of
from tests.programs import ARRAYS, EVERY, EXAMPLE, FAN_OUT, LONG_LOOP, SCALAR, TWO_LAYERS, Case, case
from tests.render.printed import equations, is_true


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_golden(name: str, width: int) -> None:
    expected = path_of(name, width).read_text("utf-8").splitlines()
    actual = golden(name, width).splitlines()
    differing = [pair for pair in zip(expected, actual, strict=False) if not agrees(*pair)]
    assert [] == differing
    assert len(expected) == len(actual)


def test_goldens_are_compared_by_numbers_up_to_the_last_digit() -> None:
    assert agrees("x = 0.123456", "x = 0.123457")
    assert agrees("x = 1.5e-07   y", "x = 1.50001e-07 y")
    assert not agrees("x = 0.123456", "x = 0.123466")
    assert not agrees("x = 3", "x = 4")
    assert not agrees("v1 = 3", "v2 = 3")


# Arithmetic that is printed is true.


@pytest.mark.parametrize("digits", [2, 6, 12])
@pytest.mark.parametrize("program", EVERY, ids=str)
def test_printed_arithmetic_is_true(program: Case, digits: int) -> None:
    found = list(equations(text_of(program.run(), width=100, digits=digits, all=True)))
    assert [] == [pair for pair in found if not is_true(*pair, digits)]


@pytest.mark.parametrize("program", SCALAR, ids=str)
def test_there_is_arithmetic_for_every_operation_and_every_share(program: Case) -> None:
    run = program.run()
    text = text_of(run, width=100, all=True)
    shares = sum(len(step.parts) for step in run.steps if step.parts[0].local is not None)
    plain = sum(1 for node in run.operations if node.op.elementwise)
    assert len(list(equations(text))) + text.count("≈") >= plain + shares


def test_a_false_line_would_be_found() -> None:
    assert [("3*2", "7")] == [pair for pair in equations("  v1 = w·x   3·2     = 7  result") if not is_true(*pair)]
    assert [("1 + 3", "5")] == list(equations("   x: 1 + 3 = 5  ∂x"))
    assert [("0.9**2", "0.8")] == list(equations("    ∂v/∂h = 2·h = 0.9² = 0.8\n"))
    assert [] == list(equations("  v = a·b   0.1·0.2    ≈ 0.03"))


LEAVES = st.sampled_from(["a", "b", "c", "2", "0.5", "3"])
UNARY = st.sampled_from(
    ["sin", "cos", "exp", "tanh", "sigmoid", "log1p", "sqrt", "relu", "softplus", "atan", "square", "-", "abs"]
)
BINARY = st.sampled_from(
    ["({} + {})", "({} - {})", "{}*{}", "({})/({})", "maximum({}, {})", "({})**({})", "where({0} > {1}, {0}, {1})"]
)


def _grown(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda name, inner: f"{name}({inner})", UNARY, children),
        st.builds(lambda shape, left, right: shape.format(left, right), BINARY, children, children),
        st.builds("({})**{}".format, children, st.sampled_from(["2", "3", "-1", "0.5"])),
    )


PROGRAM = st.builds("({}) + 0*(a + b + c)".format, st.recursive(LEAVES, _grown, max_leaves=7))
NUMBER = st.one_of(
    st.floats(-4, 4).map(lambda x: round(x, 3)), st.sampled_from([0.0, 1e-7, 30.0, -1e5, 7.0]), st.floats(-30, 30)
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(PROGRAM, NUMBER, NUMBER, NUMBER, st.sampled_from([60, 80, 100]), st.sampled_from([3, 6, 9]))
def test_random_programs_print_true_arithmetic(
    text: str, a: float, b: float, c: float, width: int, digits: int
) -> None:
    found = list(equations(text_of(explain(text, a=a, b=b, c=c), width=width, digits=digits)))
    assert found
    assert [] == [pair for pair in found if not is_true(*pair, digits)]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PROGRAM, NUMBER, NUMBER, NUMBER, st.sampled_from([60, 80, 100]))
def test_random_programs_keep_to_the_width(text: str, a: float, b: float, c: float, width: int) -> None:
    shown = text_of(explain(text, a=a, b=b, c=c), width=width).split("FORWARD")[1]  # the text as typed is not broken
    assert [] == [line for line in shown.splitlines() if cell_width(line) > width]


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("program", EVERY, ids=str)
def test_programs_keep_to_the_width(program: Case, width: int) -> None:
    shown = text_of(program.run(), width=width).split("FORWARD")[1]
    assert [] == [line for line in shown.splitlines() if cell_width(line) > width]


# Symbols and colour.


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_the_ascii_view_is_ascii_but_for_the_users_own_text(program: Case) -> None:
    text = text_of(program.run(), ascii=True)
    own = set(program.text) | {character for name in program.values for character in name}
    assert not {character for character in text if not character.isascii()} - own


def test_the_ascii_view_of_ascii_text() -> None:
    text = text_of(EXAMPLE.run(), ascii=True)
    assert text.isascii()
    assert "-> v4" in text
    assert "2*v4 = 2*0.000911051" in text


def test_lines_are_the_same_without_their_colour() -> None:
    run = TWO_LAYERS.run()
    plain, colored = text_of(run), text_of(run, color=True)
    assert "\x1b[" in colored
    stripped = re.sub(r"\x1b\[[\d;]*m", "", colored)
    assert plain.splitlines() == [line.rstrip() for line in stripped.splitlines()]


@pytest.mark.parametrize("program", [EXAMPLE, *ARRAYS[:2]], ids=str)
def test_no_trailing_spaces_and_one_line_break_at_the_end(program: Case) -> None:
    text = text_of(program.run())
    assert [] == [line for line in text.splitlines() if line != line.rstrip()]
    assert text.endswith("\n")
    assert text == as_text(program.run(), View()) + "\n"


HOSTILE = "x*2  # [red]bold[/red] :x: {x} %s [/] \\\\"


@pytest.mark.parametrize("color", [False, True])
def test_markup_in_a_comment_appears_as_text(color: bool) -> None:
    assert HOSTILE in text_of(explain(HOSTILE, x=1), color=color)


def test_a_hostile_name_of_a_python_functions_input_appears_as_text() -> None:
    shown = text_of(explain(lambda **given: functions.sin(given["[red]\x1b[2J"]), {"[red]\x1b[2J": 1.0}))
    assert r"[red]\x1b[2J = 1" in shown
    assert "\x1b" not in shown


def test_wide_characters_keep_the_columns() -> None:
    shown = text_of(explain("变量 = 2*重\n变量*变量", {"重": 3}), width=60).splitlines()
    assert [] == [line for line in shown if cell_width(line) > 60]
    [made] = [line for line in shown if line.strip().startswith("变量 =") and "= 6" in line]
    assert 40 == cell_width(made[: made.index("= 6")])


# How much is shown.


def test_brief_shows_the_gradients_alone() -> None:
    text = text_of(EXAMPLE.run(), brief=True)
    assert "GRADIENTS" in text
    assert "FORWARD" not in text
    assert "BACKWARD" not in text


def test_brief_still_shows_an_array_result() -> None:
    assert "[[2  4]" in text_of(explain("2*X", X=[[1, 2], [3, 4]]), brief=True)


def test_a_long_run_shows_both_ends_and_counts_the_rest() -> None:
    text = text_of(LONG_LOOP.run())
    assert "96 more operations (47 turns of for i in range(60)); --all prints them" in text
    assert "96 more steps back; --all prints them" in text
    assert "s60 = s59 + v60" in text
    assert "s30 = s29 + v30" not in text


def test_all_shows_every_step() -> None:
    text = text_of(LONG_LOOP.run(), all=True)
    assert "--all" not in text
    assert all(f"s{turn} = " in text for turn in range(1, 61))


def test_a_finished_gradient_is_marked_in_a_long_run_too() -> None:
    [last] = [line for line in text_of(LONG_LOOP.run()).splitlines() if line.endswith("  ∂x")]
    assert last.endswith("= 4.67987  ∂x")


def test_the_ledger_grows_line_by_line() -> None:
    text = text_of(FAN_OUT.run())
    ledger = [line.partition("x: ")[2] for line in text.splitlines() if "  x: " in line]
    assert ["1  (1 of 3)", "1 + 3 = 4  (2 of 3)", "1 + 3 + 3 = 7  ∂x"] == ledger


def test_no_notes() -> None:
    assert "│" in text_of(EXAMPLE.run())
    assert "│" not in text_of(EXAMPLE.run(), notes=False)


@pytest.mark.parametrize(
    ("digits", "shown"), [(1, "0.3"), (3, "0.333"), (10, "0.3333333333"), (17, "0.33333333333333331")]
)
def test_digits(digits: int, shown: str) -> None:
    [line] = [line for line in text_of(case("x/3", x=1).run(), digits=digits).splitlines() if line.endswith("  result")]
    assert line.endswith(f"= {shown}  result")


def test_digits_never_make_a_line_false() -> None:
    text = text_of(EXAMPLE.run(), digits=3)
    assert "1 − 0.999088949" not in text
    assert "1 − 0.999" in text


def test_scopes_say_where_operations_stand() -> None:
    text = text_of(case("def f(t): return t*t\nfor i in range(2):\n    x = f(x)\nx + 1", x=3).run())
    assert "▸ for i in range(2), turn 2 ▸ f(x)" in text
    assert "▸ back in the program: x + 1\n    v1 = x2 + 1" in text


@pytest.mark.parametrize(("program", "part"), [
    (case("2"), "the result = 2: nothing was computed"),
    (case("x", x=3), "x = 3: nothing was computed"),
    (case("x > 1", x=2.5), "depends on no tracked input"),
])  # fmt: skip
def test_runs_with_nothing_to_show(program: Case, part: str) -> None:
    assert part in text_of(program.run())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -0.0])
def test_extreme_numbers_print(value: float) -> None:
    assert "GRADIENTS" in text_of(explain("x*x + x", x=value))


def test_empty_arrays_print() -> None:
    assert "[]" in text_of(explain("sum(x[:0]*2)", x=[1.0, 2.0]))


def _run_of(shape: Any) -> Any:
    return explain("2*X", X=np.arange(float(np.prod(shape))).reshape(shape))


@pytest.mark.parametrize("shape", [(7,), (3, 9), (9, 3), (2, 3, 4), (1, 1, 1, 1), (40, 40)])
def test_large_arrays_are_told_by_shape_range_and_corner(shape: tuple[int, ...]) -> None:
    text = text_of(_run_of(shape))
    assert "shape (" in text
    assert "; corner:" in text
    assert [] == [line for line in text.splitlines() if cell_width(line) > 80]


def test_a_check_is_told_per_source_and_gradient() -> None:
    text = text_of(EXAMPLE.run(check=True))
    assert "against SymPy, 40 digits" in text
    assert "against differences" in text
    assert 6 == text.count("✓ ∂")


BROKEN = case("h = x\nfor i in range(60):\n    h = 1.01*h\n    if i == 30:\n        h = h + sqrt(h - h)\nh", x=2)


def test_a_long_run_shows_the_step_where_nan_or_infinity_began() -> None:
    text = text_of(BROKEN.run(), width=100)
    assert "The first inf of the backward pass is made here by sqrt" in text
    steps = BROKEN.run().step_count
    hidden = [int(count) for count in re.findall(r"… (\d+) more steps back", text)]
    assert 2 == len(hidden)
    assert steps == sum(hidden) + 2 * 12 + 1


def test_the_words_of_the_notes_lead_to_the_glossary() -> None:
    text = text_of(FAN_OUT.run(), width=100)
    assert "What the words mean (upstream, contribution, gradient, forward pass, path, slope" in text
    assert "ops --glossary" not in text_of(FAN_OUT.run(), notes=False)
    assert "ops --glossary" not in text_of(FAN_OUT.run(), brief=True)


def test_no_more_than_two_notes_of_a_kind_after_the_forward_pass() -> None:
    program = case("y = x\nif x > 1: y = 2*y\nif x > 2: y = 2*y\nif x > 3: y = 2*y\ny", x=1)
    assert 3 == len([note for note in program.run().notes if note.kind == "branch"])
    assert 2 == text_of(program.run()).count("The condition x >")


def test_plain_signs_are_measured_before_a_line_is_broken() -> None:
    program = case("sum((A @ B)*v)", A=[[1.0, 2.0], [3.0, 4.0]], B=[[1.0, 0.5], [2.0, 1.0]], v=[1.63663, 0.654653])
    for width in range(70, 90):
        for text in (text_of(program.run(), width=width, ascii=True), text_of(EXAMPLE.run(), width=width, ascii=True)):
            assert [] == [line for line in text.splitlines() if cell_width(line) > width]


def test_sentences_without_numbers_keep_to_a_narrow_width() -> None:
    untracked = explain("k = 0\nfor i in range(3): k = k + 1\nround(x) if x > k else k", x=2)
    large = explain("sum(X*123456.789)", X=np.linspace(-0.1003165, 0.0904664, 1250).reshape(50, 25))
    for run in (untracked, large):
        assert [] == [line for line in text_of(run, width=50).splitlines() if cell_width(line) > 50]


def test_a_large_array_of_one_number_says_so() -> None:
    text = text_of(explain("sum(X)", X=np.arange(10.0)))
    assert "shape (10), 1 everywhere; corner:" in text
    assert "from 1 to 1" not in text


DIFFERENCES = [
    case("exp(x) - 1", x=1e-12), case("(x + 1) - 1", x=1e-10), case("sqrt(x + 1) - sqrt(x)", x=1e14),
    case("(x + 0.1) - 0.1", x=1e-9), case("(x - 1/3)*y", x=0.33333333333, y=3), case("((1e16 + x) - 1e16)**2", x=1),
]  # fmt: skip
"""Differences of almost equal numbers: a machine reads digits into them that the printed decimals do not give."""


_DECIMAL = r"−?\d+(?:\.\d+)?(?:e[+-]\d+)?"


@pytest.mark.parametrize("program", DIFFERENCES, ids=str)
def test_what_is_printed_as_equal_is_equal_in_decimals(program: Case) -> None:
    run = program.run()
    found = re.findall(rf"  ({_DECIMAL}) − ({_DECIMAL}) +([=≈]) ({_DECIMAL})", text_of(run))
    assert found
    for left, right, sign, shown in found:
        exact = Decimal(left) - Decimal(right)
        given = Decimal(shown.replace("−", "-"))
        half = Decimal(5).scaleb(given.adjusted() - 6) if given else Decimal(0)
        assert (abs(exact - given) <= half) == (sign == "="), (left, right, sign, shown)


def test_only_what_passes_the_corner_is_called_a_choice() -> None:
    text = text_of(explain("prize*max(scores) + relu(w)", scores=[1.0, 4.0, 4.0], prize=10, w=0))
    assert "∂prize    4               raising prize a little raises the result" in text
    assert "∂w        0               a choice at a corner: see its note" in text


@pytest.mark.parametrize(
    ("axis", "along"), [("None", ""), ("()", ""), ("1", " along axis 1"), ("(0, 1)", " along axes 0 and 1")]
)
def test_a_maximum_says_along_which_axes_it_was_taken(axis: str, along: str) -> None:
    text = as_text(explain(f"sum(max(x, axis={axis}))", x=[[1, 2, 3], [6, 5, 4]]), View(100))
    assert f"upstream to the largest{along}, 0 elsewhere" in text


@pytest.mark.parametrize("program", ["prod(x)", "std(x)", "prod(x, axis=0)*sum(x)", "softmax(x, axis=())"])
def test_an_array_without_entries_can_be_told(program: str) -> None:
    assert "∂x" in as_text(explain(program, x=[]), View(80))


@pytest.mark.parametrize(
    ("program", "chain"),
    [
        ("exp(2)*x", "x → exp(2)·x = result"),
        ("randn(2)*x", "x → randn(2)·x = result"),
        ("x^2^3", "x → x^(2**3) = result"),
        ("e*x", "e, x → e·x = result"),
        ("k = 3; k*x", "k, x → k·x = result"),
    ],
)
def test_the_chain_begins_with_names(program: str, chain: str) -> None:
    assert f"  {chain}" == as_text(explain(program, x=2), View(80)).splitlines()[2]


@pytest.mark.parametrize("width", [40, 50, 60])
def test_a_narrow_terminal_breaks_the_program_and_the_verdicts(width: int) -> None:
    program = "sigmoid(w*x+b) + tanh(w*x+b)*0.5 + exp(-(x*w)**2) + log(1+exp(b))"
    run = explain(program, x=2, w=3, b=1, check=True)
    text = as_text(run, View(width=width, brief=True))
    assert [] == [line for line in text.splitlines() if len(line) > width]
    assert program.replace(" ", "") in "".join(text.split("w = 3")[0].split())
    assert 6 == text.count("agree to ")


@pytest.mark.parametrize(
    ("text", "values", "digits", "line"),
    [
        ("log(1 + x)", {"x": 1e-14}, 6, "log(1.00000000000001)           ≈ 9.99201e-15"),
        ("tan(x)", {"x": 1806816244640.9143}, 6, "tan(1806816244640.9143)         ≈ −1.64907"),
        ("sin(x)", {"x": 3e15}, 6, "sin(3e+15)                      = 0.0458929"),
        ("x + y", {"x": 19.289093999999999, "y": 1.7929999999999999}, 17, "≈ 21.082093999999998"),
        ("sin(x)", {"x": 2.5}, 6, "sin(2.5)                        = 0.598472"),
    ],
)
def test_a_line_that_rests_on_the_last_bits_says_so(text: str, values: Any, digits: int, line: str) -> None:
    assert line in text_of(explain(text, values), digits=digits)


def test_short_vectors_are_multiplied_as_they_are_printed() -> None:
    text = text_of(explain("sum(v*w*w)", v=[0.3333333, 1.7], w=[0.777777, 2.123456]), digits=3)
    shares = re.findall(r"\[([^]]*)\] × \[([^]]*)\] (=|≈) \[([^]]*)\]", text)
    assert len(shares) > 1
    for left, right, relation, result in shares:
        factors, told = [[*map(Decimal, part.split(", "))] for part in (left, right)], result.split(", ")
        close = [abs(a * b - Decimal(c)) <= Decimal(1).scaleb(Decimal(c).as_tuple().exponent) / 2
                 for a, b, c in zip(*factors, told, strict=True)]  # fmt: skip
        assert relation == "≈" or all(close)
