"""The page in a real browser: clicked through, its numbers read back, its console and its requests watched.

Needs Chromium (`CHROMIUM` names another) and, for the accessibility rules, axe-core's script in the file that
`AXE_CORE` names. What is missing is skipped with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.render.as_html import page as page_of
from tests.browser.chromium import Page, browsing, find_chromium
from tests.programs import EXAMPLE, FAN_OUT, TWO_LAYERS, run_example
from tests.render.shown import same

CHROMIUM = find_chromium()
AXE = os.environ.get("AXE_CORE")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium, or set CHROMIUM")

NOW = "document.querySelector('article.now')"
NUMBERS = (
    "[...{}.querySelectorAll('.c, .answer, .v')].map(e => [e.textContent, e.checkVisibility()])"
)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing(str(CHROMIUM)) as tab:
        yield tab


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Any:
    """Write a run's page to a file and open it."""

    def opened(run: Any, place: str = "", **looks: Any) -> Page:
        file = tmp_path / "page.html"
        file.write_text(page_of(run), "utf-8")
        page.appear(**looks)
        page.open("about:blank")
        page.open(file.as_uri() + place)
        return page

    return opened


def shows(page: Page, values: list[Any]) -> bool:
    """Whether the step in view gives these as its results; all of them must be seen."""
    found = page.run(NUMBERS.format(NOW))
    assert all(visible for _, visible in found)
    return len(found) == len(values) and all(same(text, value) for (text, _), value in zip(found, values, strict=True))


def place(page: Page) -> str:
    return str(page.run(f"{NOW}.id"))


def lit(page: Page, what: str) -> list[str]:
    """The keys of the nodes or edges of the graph that are lit."""
    found = page.run(f"[...document.querySelectorAll('#graph .lit[data-{what}]')].map(e => e.dataset.{what})")
    return sorted(set(found))


@pytest.mark.parametrize("run", [EXAMPLE.run(check=True), FAN_OUT.run(), TWO_LAYERS.run(), run_example("rnn-unrolled")])
def test_every_step_is_clicked_through_and_read_back(show: Any, run: Any) -> None:
    data, page = run.to_dict(), show(run)
    operations = [node for node in data["nodes"] if node["inputs"]]
    assert "start" == place(page)
    for node in operations:
        page.click("#next")
        assert shows(page, [node["value"]])
        assert str(node["id"]) in lit(page, "node")
    page.click("#next")
    assert "seed" == place(page)
    for step in data["backward"]:
        page.click("#next")
        assert str(step["step"]) == place(page)
        assert f"#{step['step']}" == page.run("location.hash")
        assert shows(page, [part["contribution"] for part in step["parts"]])
        assert [str(step["node"])] == lit(page, "node")
    page.click("#next")
    assert shows(page, [data["value"], *data["gradients"].values()])
    assert page.run("document.getElementById('next').disabled")
    assert [] == page.complaints()
    assert 1 == len(page.requests())


def test_the_text_the_node_and_the_edge_of_a_step_are_lit(show: Any) -> None:
    page = show(FAN_OUT.run(), "#2")
    assert "x*x" == page.run("[...document.querySelectorAll('#text .lit')].map(e => e.textContent).join('')")
    assert ["1"] == lit(page, "node")
    assert ["0-1-0", "0-1-1"] == lit(page, "edge")


def test_values_and_gradients_appear_one_by_one(show: Any) -> None:
    page = show(FAN_OUT.run(), "#f1")
    known = "[...document.querySelectorAll('#graph .known-{}[data-node]')].map(e => e.dataset.node)"
    rows = "[...document.querySelectorAll('#values tbody tr')].map(e => [...e.cells].map(c => c.textContent))"
    assert ["0", "1"] == sorted(page.run(known.format("value")))
    assert [["x", "3", ""], ["v1", "9", ""], ["v2", "", ""]] == page.run(rows)
    page.open("about:blank")
    page = show(FAN_OUT.run(), "#1")
    assert ["1", "2"] == sorted(page.run(known.format("gradient")))
    assert [["x", "3", "1 (1 of 3)"], ["v1", "9", "1"], ["v2", "12", "1"]] == page.run(rows)
    page.press("ArrowRight")
    assert ["x", "3", "7 (3 of 3)"] == page.run(rows)[0]


def test_keys_slider_addresses_and_clicks_step(show: Any) -> None:
    page = show(EXAMPLE.run(), "#3")
    assert "3" == place(page)
    page.press("ArrowRight")
    assert "4" == place(page)
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert "2" == place(page)
    page.press("End")
    assert "gradients" == place(page)
    page.press("Home")
    assert "start" == place(page)
    page.run("(e => { e.value = 2; e.dispatchEvent(new Event('input')) })(document.getElementById('slide'))")
    assert "f2" == place(page)
    page.run("location.hash = '#5'")
    page.run("new Promise(requestAnimationFrame).then(() => 0)")
    assert "5" == place(page)
    page.click("#graph [data-node='5'] rect")
    assert "3" == place(page)
    page.click("#values tr:nth-child(4) button")
    assert "5" == place(page)
    page.click("#back")
    assert "4" == place(page)
    assert [] == page.complaints()


def test_a_step_is_predicted_then_revealed(show: Any) -> None:
    page = show(FAN_OUT.run(), "#1")
    page.click("#predict")
    assert [False, False] == [seen for _, seen in page.run(NUMBERS.format(NOW))]
    assert not page.run(f"{NOW}.textContent.includes('you said')")
    page.run(f"{NOW}.querySelectorAll('.guess').forEach((e, i) => e.value = ['1', '5'][i])")
    page.press("Enter")
    assert shows(page, [1.0, 1.0])
    said = page.run(f"[...{NOW}.querySelectorAll('.verdict')].map(e => e.className + ' ' + e.textContent)")
    assert ["verdict right ✓ you said 1", "verdict ✗ you said 5"] == said
    page.press("ArrowRight")
    assert "2" == place(page)
    assert [] != page.run(f"[...{NOW}.querySelectorAll('.guess')].map(e => 1)")
    page.click("#predict")
    assert shows(page, [3.0, 3.0])


def test_nothing_tells_a_gradient_before_its_step(show: Any) -> None:
    page = show(EXAMPLE.run(), "#start")
    fill = "new Set([...document.querySelectorAll('#graph [data-node] .{}')].map(e => getComputedStyle(e).{})).size"
    assert 1 == page.run(fill.format("B", "fill")) == page.run(fill.format("F", "fill"))
    assert 1 == page.run(fill.format("B", "strokeWidth"))
    page.press("End")
    assert 1 < page.run(fill.format("B", "fill"))
    assert 1 < page.run(fill.format("B", "strokeWidth"))


def test_all_steps_are_there_without_scripts(show: Any) -> None:
    page = show(EXAMPLE.run(check=True), scripts=False)
    texts = page.texts()
    assert all(text in texts for text in ("Gradients of the result", "The walk back begins", "Checked against"))
    assert "Back" not in texts


def test_the_print_has_every_step_and_no_buttons(show: Any) -> None:
    page = show(EXAMPLE.run(check=True), "#3", dark=True)
    page.send("Emulation.setEmulatedMedia", media="print")
    seen = "[...document.querySelectorAll('{}')].map(e => e.checkVisibility())"
    assert {True} == set(page.run(seen.format("article")))
    assert {True} == set(page.run(seen.format("article .v, article .c, article .answer")))
    assert [False] == page.run(seen.format("nav"))
    assert page.printed().startswith(b"%PDF")


def test_two_thousand_steps_open_and_step(show: Any) -> None:
    page = show(explain("h = x\nfor i in range(1000):\n    h = tanh(w*h)\nh", x=0.5, w=1.1), "#1999")
    assert "1999" == place(page)
    page.press("ArrowRight")
    assert "2000" == place(page)
    assert "2000 of 2000" == page.run("document.getElementById('count').textContent")
    assert [] == page.complaints()


def test_a_notebook_shows_the_page_in_its_frame(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{FAN_OUT.run()._repr_html_()}", "utf-8")
    page.appear()
    page.open(file.as_uri())
    frame = page.frame()
    frame.run("new Promise(kept => document.readyState === 'complete' ? kept(0) : addEventListener('load', kept))")
    frame.run("document.getElementById('last').click()")
    assert shows(frame, [12.0, 7.0])
    assert [] == page.complaints()


@pytest.mark.skipif(AXE is None, reason="AXE_CORE names no file with axe-core's script")
@pytest.mark.parametrize("looks", [{}, {"dark": True}, {"width": 400}], ids=["light", "dark", "narrow"])
@pytest.mark.parametrize("run", [EXAMPLE.run(check=True), TWO_LAYERS.run()], ids=["numbers", "arrays"])
def test_nothing_bars_anybody(show: Any, run: Any, looks: dict[str, Any]) -> None:
    page = show(run, "#2", **looks)
    page.run(Path(str(AXE)).read_text("utf-8") + ";0")
    for action in ("0", "document.getElementById('predict').click()", "document.getElementById('whole').click()"):
        page.run(action)
        found = page.run("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))")
        assert [] == found


def test_it_is_skipped_where_there_is_no_browser() -> None:
    where = {**os.environ, "CHROMIUM": "", "PATH": "/nowhere"}
    script = "from tests.browser.chromium import find_chromium; print(find_chromium())"
    words = [sys.executable, "-c", script]
    assert "None\n" == subprocess.run(words, env=where, capture_output=True, text=True, check=True).stdout
