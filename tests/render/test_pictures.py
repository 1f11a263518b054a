"""The graph in every drawn format: what it says, what it folds, how it treats hostile names, that it never varies."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from autograd_explain import explain
from autograd_explain.errors import ExplainError, InputError
from autograd_explain.lang.program import gallery
from autograd_explain.render.as_dot import dot_text
from autograd_explain.render.as_graph import graph_lines
from autograd_explain.render.as_mermaid import mermaid_text
from autograd_explain.render.as_png import write as write_png
from autograd_explain.render.as_svg import draw, svg_text
from autograd_explain.render.graph import drawn_count, picture_graph
from autograd_explain.render.svg_legend import _short
from autograd_explain.render.theme import View
from autograd_explain.source import cell_width
from tests.programs import run_example
from tests.render.shown import screen

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("fan-out", "micrograd", "attention-head", "rnn-unrolled", "two-layers", "target-network", "where-nan")
HOSTILE = ["</script><script>alert(1)</script>", "]]>", "\"'\\", "a\\nb\\", "#quot;&amp;&lt;", "%%{init}%%", "`**b**`",
           "end", "a|b[c]{d}(e)", "θ_λ", "<b>x</b>", "$x$;\u202e\x1b[31m", "ab\ncd"]  # fmt: skip
CALLS = "def f(t): return tanh(t)*t\ny = w\nfor i in range(9): y = f(y)*w\ny"


def svg(run: Any, **view: Any) -> ET.Element:
    return ET.fromstring(svg_text(run, View(**view), embedded=False))  # noqa: S314 - our own output


def texts(root: ET.Element) -> list[str]:
    found = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]
    return [text.replace("\u00a0", " ") for text in found]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_svg_holds_every_number_and_nothing_foreign(name: str) -> None:
    run = run_example(name)
    root = svg(run)
    said = texts(root)
    graph = picture_graph(run, View())
    nodes = [element.get("data-node") for element in root.iter() if element.get("data-node")]
    edges = [element.get("data-edge") for element in root.iter() if element.get("data-edge")]
    assert {node.key for node in graph.nodes} == set(nodes)
    assert sorted(edge.key for edge in graph.edges) == sorted(str(edge) for edge in edges)
    assert all(any(node.title in text for text in said) for node in graph.nodes)
    whole = svg_text(run, View(), embedded=False)
    assert ["http://www.w3.org/2000/svg"] == re.findall(r"https?://[^\"\s]*", whole)
    assert not re.search(r"<script|javascript:|href|url\(|@import", whole)
    assert "xmlns" not in svg_text(run, View())


def test_an_svg_says_values_gradients_locals_and_contributions() -> None:
    said = texts(svg(explain("x*x + x", x=3)))
    for text in ("v1 = x·x", "= 9", "∂ 7", "×3", "↑ 3", "= 12"):
        assert text in said


def test_labels_choose_what_is_written() -> None:
    run = explain("x*x + x", x=3)
    said = texts(svg(run, labels="value,local"))
    assert {"v1", "= 9", "×3"} <= set(said)
    assert not {"v1 = x·x", "∂ 7", "↑ 3"} & set(said)
    assert "∂ 7" not in screen(run, labels="value")


def test_what_passes_no_gradient_is_cut() -> None:
    run = run_example("target-network")
    cuts = {edge.key: edge.cut for edge in picture_graph(run, View()).edges if edge.cut}
    assert {"untracked", "detached"} == set(cuts.values())
    whole = svg_text(run, View())
    assert all(re.search(rf'class="edge cut \w+" data-edge="{key}"', whole) for key in cuts)
    assert screen(run).count("╳") == len(cuts) + 1  # and once in the legend
    assert dot_text(run, View()).count("style=dashed") == mermaid_text(run, View()).count("-.-x") == len(cuts)


def test_the_size_of_a_gradient_shows_without_colour() -> None:
    root = svg(explain("1000*x + y/1000", x=1, y=1))
    steps = {e.get("data-node"): e.get("class") for e in root.iter() if e.get("data-node")}
    assert "s-5" in str(steps["0"])
    assert "s-1" in str(steps["1"]) or "s-1" in str(steps["2"])
    style = "".join(text for element in root.iter() for text in [element.text or ""] if element.tag.endswith("style"))
    widths = [float(w) for w in re.findall(r"\.s-[1-5]\{stroke-width:([\d.]+)\}", style)]
    assert 5 == len(widths) == len(set(widths))
    assert widths == sorted(widths)
    light, dark = style.split("prefers-color-scheme:dark")
    for look, rising in ((light, False), (dark, True)):
        fills = re.findall(r"s-[1-5] \.box\{fill:#(\w{6})", look)
        lightness = [sum(bytes.fromhex(fill)) for fill in fills]
        assert 5 == len(lightness)
        assert lightness == sorted(lightness, reverse=not rising)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_every_format(name: str) -> None:
    run = explain("tanh(x)*x", x=0.5)
    run.words.labels[0] = name
    shown = " ".join(run_visible(name).split())
    root = svg(run)
    assert any(shown in text for text in texts(root))
    assert all(element.tag.split("}")[1] in SVG_TAGS for element in root.iter())
    assert shown in screen(run)
    assert "\x1b" not in screen(run)
    dot, mermaid = dot_text(run, View()), mermaid_text(run, View())
    assert sum(line.count('"') - line.count('\\"') for line in dot.splitlines()) % 2 == 0
    labels = re.findall(r'"([^"]*)"', mermaid)
    assert any(shown in unescaped(label) for label in labels)
    assert not any(re.search(r"[<>&`*\\]|#(?!\d+;)", label.replace("<br/>", "")) for label in labels)
    assert all(line.count('"') % 2 == 0 for line in mermaid.splitlines())


SVG_TAGS = {"svg", "style", "rect", "g", "text", "path", "title"}


def run_visible(name: str) -> str:
    from autograd_explain.source import visible

    return visible(name, keep="\n")


def unescaped(label: str) -> str:
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)


NESTED = (
    "def layer(h, k):\n    z = w*h + b*k\n    return tanh(z) + sin(h)*k\nh = x\ng = x*w\nfor i in range(10):\n"
    "    h = layer(h, 0.1*i)\n    g = g*0.9 + h\ng*h"
)


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("fold", ["", "for", "layer"])
def test_graphviz_draws_calls_within_turns(fold: str) -> None:
    text = dot_text(explain(NESTED, x=0.5, w=0.7, b=0.1), View(fold=fold))
    words = [str(shutil.which("dot")), "-Tsvg"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("hostile", [None, *HOSTILE])
def test_graphviz_accepts_the_text_and_draws_the_names(hostile: str | None) -> None:
    run = run_example("rnn-unrolled") if hostile is None else explain("tanh(x)*x", x=0.5)
    if hostile is not None:
        run.words.labels[0] = hostile
    done = subprocess.run(["dot", "-Tsvg"], input=dot_text(run, View()), capture_output=True, text=True, check=False)  # noqa: S607
    assert (0, "") == (done.returncode, done.stderr)
    said = texts(ET.fromstring(done.stdout))  # noqa: S314 - Graphviz's output
    wanted = " ".join(run_visible(hostile).split()) if hostile is not None else "h1 = tanh(v4)"
    assert any(wanted in text for text in said)


MERMAID = os.environ.get("AUTOGRAD_EXPLAIN_MERMAID", "")
PARSER = """
import {createRequire} from 'module';
import {pathToFileURL} from 'url';
const load = async name => import(pathToFileURL(createRequire(process.argv[2] + '/x.js').resolve(name)).href);
const {JSDOM} = await load('jsdom');
globalThis.window = new JSDOM('').window;
globalThis.document = window.document;
const mermaid = (await load('mermaid')).default;
let text = '';
for await (const piece of process.stdin) text += piece;
for (const part of text.split('\\u0000')) await mermaid.parse(part);
"""


@pytest.mark.skipif(
    not (MERMAID and shutil.which("node")),
    reason="AUTOGRAD_EXPLAIN_MERMAID names no folder in which npm installed mermaid and jsdom",
)
def test_mermaid_accepts_the_text(tmp_path: Path) -> None:
    drawn = [mermaid_text(run_example(name), View(fold=fold)) for name in EXAMPLES for fold in ("", "all")]
    for name in HOSTILE:
        run = explain("tanh(x)*x", x=0.5)
        run.words.labels[0] = name
        drawn.append(mermaid_text(run, View()))
    script = tmp_path / "parse.mjs"
    script.write_text(PARSER, encoding="utf-8")
    run = ["node", str(script), str(Path(MERMAID) / "node_modules")]
    for text, well in (("\0".join(drawn), True), ('flowchart TD\n  a["x', False)):
        done = subprocess.run(run, input=text, capture_output=True, text=True, check=False)
        assert well == (done.returncode == 0), done.stderr


def test_folding_draws_calls_and_turns_as_one_node() -> None:
    run = explain(CALLS, w=1.1)
    whole = picture_graph(run, View())
    calls = picture_graph(run, View(fold="f"))
    turns = picture_graph(run, View(fold="for"))
    assert 9 == sum(node.kind == "folded" for node in calls.nodes)
    assert {"f(y)"} == {node.title for node in calls.nodes if node.kind == "folded"}
    assert 9 == len(calls.boxes) < len(whole.boxes) == 18
    titles = [node.title for node in turns.nodes if node.kind == "folded"]
    head = "for i in range(9)"
    assert [f"{head}: turn 1", f"{head}: turn 2", f"{head}: turns 3–8", f"{head}: turn 9"] == titles
    assert picture_graph(run, View(fold="all")).nodes == turns.nodes
    operations = {node.index for node in run.operations}
    for graph in (whole, calls, turns):
        assert operations <= graph.home.keys()
        assert operations <= {member for node in graph.nodes for member in node.members}


def test_a_folded_stretch_passes_back_what_its_operations_do() -> None:
    run = explain("def f(t): return t*t + t\nf(x)*x", x=3)
    edges = picture_graph(run, View(fold="f")).edges
    back = {edge.target: (edge.contribution, edge.uses) for edge in edges if edge.value_id == 0}
    assert (21.0, 3) == back["s0"]
    assert run.gradients["x"] == sum(edge.contribution for edge in edges if edge.value_id == 0)


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (View(fold="g"), "no call or loop named g"),
        (View(labels="valu"), "no label 'valu'"),
        (View(labels="value,,local"), "no label ''"),
    ],
)
@pytest.mark.parametrize("make", [svg_text, dot_text, mermaid_text, graph_lines])
def test_unknown_names_are_refused(make: Any, view: View, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make(explain(CALLS, w=1.1), view)
    assert caught.value.hint


def test_too_much_to_draw_is_refused() -> None:
    run = explain("y = x\nfor i in range(5000): y = y*1.0001\ny", x=1)
    with pytest.raises(InputError, match="5,001 values cannot be drawn") as caught:
        svg_text(run, View())
    assert "--fold" in caught.value.hint
    assert "for i in range(5000): turns 3–4999" in texts(svg(run, fold="all"))


@pytest.mark.parametrize("fold", ["", "all", "f", "for"])
def test_the_count_is_told_without_the_picture(fold: str) -> None:
    run, view = explain(CALLS, w=1.1), View(fold=fold)
    assert len(picture_graph(run, view).nodes) == drawn_count(run, view)


@pytest.mark.parametrize("mode", ["forward", "both"])
def test_other_modes_have_a_picture(mode: str) -> None:
    run = explain("x*x + x", x=3, mode=mode)
    assert "∂ 7" in texts(svg(run))
    assert "∂ 7" in screen(run)


def test_nothing_varies_from_run_to_run() -> None:
    script = (
        "import sys; from tests.programs import run_example; from autograd_explain.render.formats import BY_NAME\n"
        "from autograd_explain.render.theme import View\n"
        "for name in ('micrograd', 'two-layers'):\n"
        " for kind in ('svg', 'dot', 'mermaid', 'graph'): BY_NAME[kind].write(run_example(name), View(), sys.stdout)"
    )
    outputs = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, env=environment, cwd=ROOT
        )
        outputs.add(done.stdout)
    assert 1 == len(outputs)


def test_a_png_is_drawn_where_the_extra_is_installed() -> None:
    pytest.importorskip("resvg_py", reason="the extra png is not installed")
    out = io.BytesIO()
    write_png(explain("x*x + x", x=3), View(), out)
    assert b"\x89PNG\r\n\x1a\n" == out.getvalue()[:8]


def test_without_the_extra_a_png_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ExplainError, match="resvg-py") as caught:
        write_png(explain("x*x", x=3), View(), io.BytesIO())
    assert "pip install 'autograd-explain[png]'" in caught.value.hint


def text_boxes(root: ET.Element) -> list[tuple[float, float, float, float, str]]:
    """Left, top, right and bottom of every text of the picture (its legend apart), by the widths of its letters."""
    picture = next(element for element in root if element.get("transform"))
    boxes = []
    for group in picture:
        letter, high = (7.9, 12.0) if "node" in str(group.get("class")) else (6.7, 10.0)
        for text in group.iter("{http://www.w3.org/2000/svg}text"):
            wide = cell_width("".join(text.itertext())) * letter
            x, y = float(str(text.get("x"))), float(str(text.get("y")))
            left = x - wide / 2 if text.get("class") == "formula" else x
            boxes.append((left, y - high, left + wide, y + 2, str(text.text)))
    return boxes


@pytest.mark.parametrize("name", gallery())
def test_no_text_lies_on_another_or_on_a_line(name: str) -> None:
    try:
        run = run_example(name)
    except ExplainError:
        return  # an example of a program that ends in an error
    root = svg(run)
    boxes = text_boxes(root)
    apart = (a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a, b in combinations(boxes, 2))
    assert all(apart)
    drawing = draw(run, View())
    for line in drawing.layout.lines.values():
        for stretch in line:
            for left, top, right, bottom, text in boxes:
                assert not (left < stretch.x < right and stretch.top < bottom and top < stretch.bottom), text


@pytest.mark.parametrize(("bound", "text"), [(192.0, "200"), (190.0, "190"), (1.60716, "1.7"), (1e-9, "1e-09")])
def test_no_gradient_is_above_the_bound_of_its_colour(bound: float, text: str) -> None:
    assert text == _short(bound)
