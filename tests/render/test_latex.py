"""Formulas in LaTeX, and the article that pdflatex sets without a warning where it is installed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.render import as_latex
from autograd_explain.render.latex import BROWSER, Names, array_math, math_of, number
from autograd_explain.render.latex_text import code, escaped
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import View
from tests.programs import EVERY, TWO_LAYERS, Case, run_example

STYLE = style_of(View())
LONG = "a_name_that_goes_on_and_on_for_more_than_a_line_of_text_because_somebody_likes_it_that_way"
HOSTILE = rf"""# title: \input{{x}} $x$ %& # _ ^ ~ {{}} <b> ]]> "q" 'r' `s` | é 中 --- ?` and {"word" * 40}
# {"x" * 300} \end{{document}} $$
y = имя*α + {LONG}**2*x_1 - x1
z = exp(y/10)*sigmoid(имя*α + {LONG}**2*x_1 - x1) + (y**(y/7))
z + sqrt(abs(x1)) + where(x1 > 2, x_1, x1)/{LONG}"""
VALUES = {"имя": 2.0, "α": 3.0, LONG: 1.5, "x_1": 2.0, "x1": 3.0}


def drawn(text: str, **values: Any) -> str:
    """The last operation of a program, as it is drawn."""
    run = explain(text, values)
    return math_of(run.words.formula(run.result), STYLE, Names(run.words.labels)).drawn


def article(run: Any, **options: Any) -> str:
    out = io.StringIO()
    as_latex.write(run, View(**options), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("w*x", {"w": 2, "x": 3}, r"w \cdot x"),
        ("x/w", {"w": 2, "x": 3}, r"\frac{x}{w}"),
        ("x**2", {"x": 3}, "x^{2}"),
        ("-x", {"x": 3}, "-x"),
        ("sigmoid(x)", {"x": 3}, r"\sigma(x)"),
        ("sqrt(x)", {"x": 3}, r"\sqrt{x}"),
        ("abs(x)", {"x": 3}, r"\lvert x\rvert"),
        ("log2(theta)", {"theta": 3}, r"\log_{2}(\theta)"),
        ("x >= 2", {"x": 3}, r"x \ge 2"),
        ("x[0]", {"x": [3, 4]}, "x[0]"),
        ("W.T", {"W": [[3, 4]]}, r"W^{\mathsf{T}}"),
        ("W @ x", {"W": [[3, 4]], "x": [1, 2]}, r"W \, \allowbreak x"),
        ("[x, 2]", {"x": 3}, r"\mathrm{stack}([x,\allowbreak\,2])"),
        ("softmax(x, axis=0)", {"x": [3, 4]}, r"\mathrm{softmax}(x,\allowbreak\,\mathit{axis}=0)"),
        ("leaky_relu(x, 0.2)", {"x": 3}, r"\mathrm{leaky\_relu}(x,\allowbreak\,\mathit{slope}=0.2)"),
    ],
)
def test_each_layout(text: str, values: dict[str, Any], expected: str) -> None:
    assert expected == drawn(text, **values)


def test_numbers_are_set_as_mathematics() -> None:
    assert r"1.5\times 10^{-7}" == number("1.5e-07").text
    assert r"-\infty" == number("−∞").text
    assert r"\text{nan}" == number("nan").text
    assert r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}" == array_math(np.array([[1.0, 2.0], [3.0, 4.0]]), STYLE).drawn


def test_two_names_are_never_drawn_alike() -> None:
    labels = ["x1", "x_1", "alpha", "α", "v1", "weight", "weight_2", "é"]
    for letters in (Names(labels), Names(labels, BROWSER)):
        assert len(labels) == len({letters(label) for label in labels})
    assert "v_{12}" == Names(["v12"])("v12")
    assert r"\beta" == Names(["beta"])("beta")


def test_every_operation_has_a_layout_that_is_printed() -> None:
    text = "".join(article(program.run(), all=True) for program in EVERY)
    unprinted = {"input", "constant", *(op.name for op in OPERATIONS.values() if op.internal)}
    assert len(OPERATIONS.keys() - unprinted) > 60
    for line in text.splitlines():
        plain = re.sub(r"\\[{}%]", "", line)
        assert line.startswith(("%", "  ", r"\newcommand")) or plain.count("{") == plain.count("}"), line


def test_symbols_then_numbers_then_the_value() -> None:
    text = article(explain("(1 - sigmoid(w*x + b))**2", w=3, x=2, b=1, check=True))
    rows = [
        r"\frac{\partial v_{5}}{\partial v_{4}} &= 2 \cdot v_{4}",
        r"&= 2 \cdot 0.000911051",
        r"&= 0.0018221",
        r"\overline{v_{4}} &\mathrel{+}= \overline{v_{5}} \times \frac{\partial v_{5}}{\partial v_{4}}",
        r"&= 1 \times 0.0018221",
    ]
    places = [text.index(row) for row in rows]
    assert sorted(places) == places
    assert r"\section{Checked against SymPy, at 40 digits}" in text
    assert text.isascii()


def test_a_total_is_the_sum_of_its_contributions() -> None:
    assert r"\overline{x} &= 1 + 3 + 3 \\[2pt] &= 7" in article(explain("x*x + x", x=3))


def test_text_is_text() -> None:
    assert r"\textbackslash{}input\{x\} {\upshape\char36}" == escaped(r"\input{x} $")
    assert r"a\char95{}b\ \#\ \char92{}x" == code(r"a_b # \x")
    assert r"\'{e}\unset{4E2D}" == escaped("é中")


@pytest.mark.parametrize("mode", ["reverse", "forward", "both"])
def test_each_mode_has_its_section(mode: str) -> None:
    text = article(explain("x*x", x=3, mode=mode))
    assert ("Backward" in text) == (mode != "forward")
    assert (r"\dot{x}" in text) == (mode != "reverse")


def compiled(text: str, folder: Path) -> list[str]:
    """What pdflatex complains about."""
    (folder / "d.tex").write_text(text, encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "d.tex"]
    run = subprocess.run(words, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "d.log").read_text("latin-1")
    found = re.findall(r"^(?:.*Warning.*|Overfull.*|Underfull.*|Missing character.*|!.*)$", log, re.MULTILINE)
    return found + ([f"exit {run.returncode}"] if run.returncode else [])


NAMES = (r"\input{x}$ % # ~ ^ _ {", "é 中\x1b\r" + r"</b>\end{x}" * 9)


def product_of(**values: Any) -> Any:
    """A function whose inputs may have any name."""
    first, second = values.values()
    return first * abs(second) / first**2


RUNS: dict[str, Any] = {
    "names": lambda: explain(product_of, dict.fromkeys(NAMES, 3.0)),
    "hostile": lambda: Case(HOSTILE, VALUES).run(check=True),
    "forward": lambda: Case(HOSTILE, VALUES).run(mode="forward"),
    "arrays": lambda: TWO_LAYERS.run(check=True),
    "many digits": lambda: explain("sum(softmax(X)[:, 1]) * 1e-300 + norm(X)", X=np.arange(64.0).reshape(8, 8) / 7),
    "max-pool": lambda: run_example("max-pool"),
    "attention-head": lambda: run_example("attention-head"),
    "where-nan": lambda: run_example("where-nan"),
}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", RUNS)
def test_pdflatex_has_nothing_to_complain_about(name: str, tmp_path: Path) -> None:
    text = article(RUNS[name](), digits=17 if name == "many digits" else 6)
    assert [] == compiled(text, tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_complaints_are_found(tmp_path: Path) -> None:
    wide = r"\documentclass{article}\begin{document}" + "x" * 200 + r"\end{document}"
    assert compiled(wide, tmp_path)
