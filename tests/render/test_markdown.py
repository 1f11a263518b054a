"""Markdown: fences, tables and a graph; and what a notebook shows."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.render import as_markdown
from autograd_explain.render.as_markdown import code, escaped, fenced
from autograd_explain.render.theme import View
from tests.programs import EXAMPLE, FAN_OUT, TWO_LAYERS


def written(run: Any, **options: Any) -> str:
    out = io.StringIO()
    as_markdown.write(run, View(**options), out)
    return out.getvalue()


def test_sections_in_order() -> None:
    text = written(EXAMPLE.run(check=True))
    order = ["# A deriv", "```text", "```mermaid", "## Forward", "## Backward", "```math", "## Gradients", "## Checked"]
    places = [text.index(part) for part in order]
    assert sorted(places) == places
    assert "| ∂w | `−3.31703e-06` | raising w a little lowers the result |" in text


def test_a_step_is_symbols_numbers_value() -> None:
    text = written(FAN_OUT.run())
    assert "**`v1 = x·x`**" in text
    assert "\\overline{x} &= 1 + 3 + 3 \\\\\n&= 7" in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", written(TWO_LAYERS.run(check=True)), re.MULTILINE):
        assert 1 == len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()})


def test_brief_leaves_out_the_steps() -> None:
    text = written(EXAMPLE.run(), brief=True)
    assert "```math" not in text
    assert "## Gradients" in text


def test_no_notes() -> None:
    assert "\n> " in written(FAN_OUT.run())
    assert "\n> " not in written(FAN_OUT.run(), notes=False)


def test_a_graph_too_large_to_draw_is_said_to_be() -> None:
    run = explain("y = x\nfor i in range(600):\n    y = y*1.001 + x\ny", x=1)
    text = written(run)
    assert "```mermaid" not in text
    assert "too large to be drawn" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b_c", r"a\*b\_c"),
        ("<b>[x](y)", r"\<b\>\[x\](y)"),
        ("a | b", r"a \| b"),
        ("$x$", r"\$x\$"),
        ("hello @all", "hello &#64;all"),
        (":smile:", "&#58;smile:"),
        ("# no heading", r"\# no heading"),
        ("a\x1b[31m", r"a\\x1b\[31m"),
    ],
)
def test_running_text_is_text(text: str, expected: str) -> None:
    assert expected == escaped(text)


def test_code_is_fenced_by_more_than_it_has() -> None:
    assert "``a`b``" == code("a`b")
    assert "`a\\|b`" == code("a|b")
    assert "````text\n```\n````" == fenced("```", "text")


def test_a_notebook_gets_dollars_and_one_formula() -> None:
    run = FAN_OUT.run()
    assert "$$\n\\begin{aligned}" in run._repr_markdown_()
    assert "```math" not in run._repr_markdown_()
    assert r"\frac{\partial\,\text{result}}{\partial x} &= 7" in run._repr_latex_()
    assert run._repr_latex_().startswith("$")
