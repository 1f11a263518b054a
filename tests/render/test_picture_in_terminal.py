"""The graph in the terminal: that it fits, line for line, and what it says where it cannot."""

from __future__ import annotations

import pytest

from autograd_explain import explain
from autograd_explain.errors import InputError
from autograd_explain.render.as_graph import Sketch
from autograd_explain.render.theme import View
from autograd_explain.source import cell_width
from tests.programs import run_example
from tests.render.shown import screen


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("name", ["fan-out", "micrograd", "rnn-unrolled", "two-layers", "logistic-map"])
def test_the_terminal_picture_fits(name: str, ascii_only: bool, width: int) -> None:
    drawn = screen(run_example(name), width=width, ascii=ascii_only)
    assert width >= max(map(cell_width, drawn.splitlines()))
    assert drawn.isascii() == ascii_only


def test_the_terminal_picture() -> None:
    assert PICTURE == screen(explain("x*x + x", x=3))
    assert PICTURE_IN_ASCII == screen(explain("x*x + x", x=3), ascii=True, labels="value,contribution")


PICTURE = """\
      ╭─────╮
      │ x   │
      │ = 3 │
      │ ∂ 7 │
      ╰──┬──╯
   ╭─────┼────╮
   │ ×3  │ ×3 │
┌──▼─────▼─┐  │
│ v1 = x·x │  │
│ = 9      │  │
│ ∂ 1      │  │
└─────┬────┘  │
      ╰╮     ╭╯
       │ ×1  │ ×1
   ╔═══▼═════▼═══╗
   ║ v2 = v1 + x ║
   ║ = 12        ║
   ║ ∂ 1         ║
   ╚═════════════╝

  = value  ∂ gradient  × local derivative"""
PICTURE_IN_ASCII = """\
       .-----.
       | x   |
       | = 3 |
       '--+--'
  +------++----+
  | ^ 3  | ^ 3 |
+-v------v+    |
| v1      |    |
| = 9     |    |
+----+----+    |
     +-+      ++
       | ^ 1  | ^ 1
     +=v======v+
     | v2      |
     | = 12    |
     +=========+

  = value  ^ passed back"""


def test_a_picture_that_cannot_fit_says_so() -> None:
    with pytest.raises(InputError, match=r"needs \d+ columns, and there are 30"):
        screen(run_example("attention-head"), width=30)


def test_folding_to_fit_is_told() -> None:
    assert "calls and loops folded" in screen(run_example("logistic-map"), width=60)
    assert "folded" not in screen(run_example("logistic-map"), width=60, fold="all")


def test_a_step_lights_a_node_and_hides_what_is_not_known() -> None:
    run = explain("x*x + x", x=3)
    sketch = Sketch.of(run, View())
    plain = sketch.lines(values={0}, gradients={2: 1.0}, lit=[1, "0-1-1"])
    drawn = [line.render(View()) for line in plain]
    place = sketch.place(1)
    assert place is not None
    box = [row[place.column : place.column + place.width] for row in drawn[place.row : place.row + place.height]]
    assert "┏" == box[0][0]
    assert "= ?" in box[2]
    assert "∂ ?" in box[3]
    assert "= 3" in "".join(drawn)
    assert "┃" in "".join(drawn)
    assert sketch.height == len(drawn) == len(sketch.lines())
    assert sketch.place(99) is None
