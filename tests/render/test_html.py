"""The page as text: complete without a script, small, the same every time, and safe from what it is given."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.render.as_html import framed, page, write
from autograd_explain.render.markup import Markup, safe, tag
from autograd_explain.render.theme import View
from tests.programs import ARRAYS, EVERY, EXAMPLE, FAN_OUT, TWO_LAYERS, Case, case
from tests.render.shown import same

ENDING_BY_THEMSELVES = frozenset({"p", "td", "th", "tr", "thead", "tbody"})
_CELLS = frozenset({"td", "th"})
ENDED_BY = {
    **dict.fromkeys(("p", "div", "table", "h2", "h3"), frozenset({"p"})), "td": _CELLS, "th": _CELLS,
    "tr": _CELLS | {"tr"}, "tbody": _CELLS | {"tr", "thead"},
}  # fmt: skip
"""Elements that end where another begins, as HTML has it."""
VOID = frozenset({"meta", "input", "link", "br", "img"})
TWENTY = case(
    "tanh(a*x + b)*sigmoid(c*x + d) + (a*b - c*d)**2/(1 + exp(-x)) - log(1 + x*x)", a=1, b=2, c=0.3, d=0.4, x=0.5
)
TWENTIES = [
    TWENTY, case("y = x\nfor i in range(10):\n    y = tanh(w*y)\ny", x=0.5, w=2),
    case(
        "h = tanh(W@x + b)\nz = V@h + c\np = softmax(z)\nl = 0.1*sum(W*W) - log(p[0]) + 0.1*sum(V**2)\n"
        "l - mean(relu(h))*2", W=[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], x=[1.0, 2.0], b=[0.1, 0.2, 0.3],
        V=[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], c=[0.0, 0.1],
    ),
]  # fmt: skip
HOSTILE = '# title: </title></script><script>alert("1")</script> ]]> &amp; <!-- \n# <img src=x onerror=alert(1)>\nx*x\n'


class Reader(HTMLParser):
    """A page taken apart: elements in order, the exact numbers by the stage they stand in, scripts, all text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.numbers: dict[str, list[tuple[str, str]]] = {}
        self.scripts: list[str] = []
        self.text = ""
        self.stage = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and the number it carries."""
        self.tags.append(tag)
        self.attributes.extend(attrs)
        given = dict(attrs)
        if tag == "article":
            self.stage = given["id"] or ""
        while self.open and self.open[-1] in ENDED_BY.get(tag, ()):
            self.open.pop()
        if tag == "span":
            self.numbers.setdefault(self.stage, []).append((given.get("class") or "", ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold that what ends was the last to begin."""
        while tag != self.open[-1] and self.open[-1] in ENDING_BY_THEMSELVES:
            self.open.pop()
        assert tag == self.open.pop()
        if tag == "article":
            self.stage = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes of an element without content."""
        del tag
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        else:
            self.text += data
        if self.open and self.open[-1] == "span":
            style, text = self.numbers[self.stage].pop()
            self.numbers[self.stage].append((style, text + data))


def values_of(reader: Reader, stage: str, *kinds: str) -> list[str]:
    """The numbers of a stage that are of these classes, as they are shown."""
    return [value for style, value in reader.numbers.get(stage, []) if set(kinds) & set(style.split())]


def all_same(shown: list[str], values: list[Any]) -> bool:
    """Whether these are the values, in this order."""
    return len(shown) == len(values) and all(map(same, shown, values))


@pytest.fixture(params=EVERY, ids=str, scope="module")
def run(request: pytest.FixtureRequest) -> Any:
    return request.param.run()


@pytest.fixture(scope="module")
def text(run: Any) -> str:
    return page(run)


def test_the_page_is_well_formed_and_calls_nobody(text: str) -> None:
    reader = Reader(text)
    assert [] == reader.open
    assert "http" not in text.replace("http-equiv", "")
    assert {"script", "style", "math", "svg", "main", "nav"} <= set(reader.tags)
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(reader.tags)
    names = {name for name, _ in reader.attributes}
    assert not {"src", "srcset", "action", "data", "xlink:href"} & names
    assert not [name for name in names if name.startswith("on")]
    assert {"#steps", "#1"} == {value for name, value in reader.attributes if name == "href"}


def test_every_number_of_the_data_stands_in_the_page(run: Any, text: str) -> None:
    data, reader = run.to_dict(), Reader(text)
    operations = [node for node in data["nodes"] if node["inputs"]]
    for place, node in enumerate(operations, 1):
        assert all_same(values_of(reader, f"f{place}", "v"), [node["value"]])
    for step in data["backward"]:
        contributions = [part["contribution"] for part in step["parts"]]
        assert all_same(values_of(reader, str(step["step"]), "c", "answer"), contributions)
    assert all_same(values_of(reader, "gradients", "v", "answer"), [data["value"], *data["gradients"].values()])


def test_totals_are_those_of_the_data() -> None:
    data, reader = FAN_OUT.run().to_dict(), Reader(page(FAN_OUT.run()))
    totals = [part["total_after"] for step in data["backward"] for part in step["parts"] if part["target"] == 0]
    assert [1.0, 4.0, 7.0] == totals
    shown = [*values_of(reader, "1", "gradient"), *values_of(reader, "2", "gradient")]
    assert all_same(shown, totals)


def test_notes_and_checks_are_told() -> None:
    run = EXAMPLE.run(check=True)
    reader = Reader(page(run))
    text = " ".join(reader.text.split())
    told = [note for note in run.notes if note.kind not in ("seed", "saved")]
    assert len(told) > 3
    assert all(note.text.replace("-", "−") in text.replace("-", "−") for note in told)
    assert text.count("agree to") == len(run.checks)
    assert all(str(result.formula) in text for result in run.checks if result.formula)
    assert "agree to" not in Reader(page(EXAMPLE.run())).text


def test_the_page_is_the_same_every_time() -> None:
    assert page(TWO_LAYERS.run()) == page(TWO_LAYERS.run())
    out = io.StringIO()
    write(TWO_LAYERS.run(), View(), out)
    assert page(TWO_LAYERS.run()) == out.getvalue()


@pytest.mark.parametrize("chosen", TWENTIES, ids=str)
def test_twenty_steps_stay_small(chosen: Case) -> None:
    run = chosen.run(check=True)
    assert run.step_count == 20
    assert len(page(run).encode()) < 60_000


def test_the_policy_knows_the_script() -> None:
    text = page(EXAMPLE.run())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    script = Reader(text).scripts[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]


@pytest.mark.parametrize(
    "text", [HOSTILE, '# title: "><svg onload=alert(1)>\nx + 1 # </script>\n', "# ${data} $title\nx"]
)
def test_hostile_text_is_text(text: str) -> None:
    from autograd_explain.lang.program import read_program
    from autograd_explain.pipeline import explain_program

    run = explain_program(read_program(text), {"x": 3.0})
    reader = Reader(page(run))
    assert reader.tags.count("script") == 2
    assert "img" not in reader.tags
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    title = re.match(r"# title: (.*)", text)
    assert title is None or title[1].strip() in reader.text


def test_hidden_characters_are_made_visible() -> None:
    assert "&lt;b&gt; \\u202etxet\\x1b[31m\n" == safe("<b> \u202etxet\x1b[31m\n")
    assert '<p title="a b">&amp;</p>' == tag("p", "&", title="a b")
    assert "<p id=x>&</p>" == tag("p", Markup("&"), id="x")


def test_the_data_of_the_script_ends_no_script() -> None:
    data = Reader(page(explain("x * sum([x, 2]) # </script>", x=2))).scripts[0]
    assert "<" not in data
    assert {"mode", "nodes", "stages"} == json.loads(data).keys()


def test_the_addresses_are_the_numbers_of_the_data(run: Any, text: str) -> None:
    stages = re.findall(r"<article id=([\w]+|\"[\w]+\")", text)
    steps = [str(step["step"]) for step in run.to_dict()["backward"]]
    operations = [f"f{place}" for place, _ in enumerate(run.operations, 1)]
    assert ["start", *operations, "seed", *steps, "gradients"] == [stage.strip('"') for stage in stages]


@pytest.mark.parametrize("mode", ["forward", "both"])
@pytest.mark.parametrize("chosen", [EXAMPLE, FAN_OUT, *ARRAYS[:2]], ids=str)
def test_forward_mode_has_its_steps(chosen: Case, mode: str) -> None:
    run = chosen.run(mode=mode)
    reader, lead = Reader(page(run)), "" if mode == "forward" else "t"
    for step in run.to_dict()["forward"]:
        shares = [part["contribution"] for part in step["parts"]]
        assert all_same(values_of(reader, f"{lead}{step['step']}", "c", "answer"), [*shares, step["tangent"]])


def test_a_long_run_shows_its_two_ends() -> None:
    run = explain("s = x\nfor i in range(300):\n    s = s*1.01\ns", x=1)
    text = page(run, most=100)
    assert 100 == len(re.findall(r"<article id=f\d+", text))
    assert "200 more steps back" in text
    assert "<article id=300>" in text
    assert "<article id=f300>" in text
    assert 300 == len(re.findall(r"<article id=f\d+", page(run, View(all=True), most=100)))


def test_a_large_graph_is_left_out_and_said_to_be() -> None:
    run = explain("s = x\nfor i in range(400):\n    s = s*1.01\ns", x=1)
    text = page(run)
    assert "<svg" not in text
    assert "too many to be drawn here" in text


def test_brief_and_without_notes() -> None:
    brief = Reader(page(EXAMPLE.run(), View(brief=True)))
    assert {"start", "gradients"} == brief.numbers.keys() - {""}
    assert "class=note" not in page(EXAMPLE.run(), View(notes=False))


def test_nothing_to_differentiate() -> None:
    text = page(explain("floor(2.5)"))
    assert "nothing to differentiate" in text
    assert [] == Reader(text).open


def test_a_python_function_shows_its_text_where_there_is_one() -> None:
    def squared(x: Any) -> Any:
        return x * x

    assert "return " in Reader(page(explain(squared, x=3))).text
    text = page(explain(eval("lambda x: x*x"), x=3))  # noqa: S307 - a function that stands in no file
    assert "<h1>A Python function</h1>" in text
    assert "id=program" not in text


def test_paths_and_faults_are_told() -> None:
    from autograd_explain.explanation.paths import paths
    from autograd_explain.pipeline import with_fault

    run = FAN_OUT.run()
    run.paths = paths(run)
    assert "PATHS" in page(run).upper()
    assert "overwrite" in page(with_fault(FAN_OUT.run(), "overwrite"))


def test_words_of_the_user_in_the_picture_are_kept() -> None:
    name = 'class="value" .value{ x="1.25" "/><path class="tip" d="'
    picture = page(explain(lambda **values: sum(values.values()), {name: 1.25, "b": 2}))
    seen = Reader(picture).text.replace("\u00a0", " ")
    assert 'class="value" .value{' in seen
    assert ".V{ x" not in seen


def test_a_value_is_called_the_same_in_page_graph_and_notes() -> None:
    text = page(explain("y1 = x*x\ny2 = y1*x\ny2 + y1", x=2))
    assert "<mi>y2</mi>" in text
    assert "∂<var>y1</var>" in text
    assert not set("₀₁₂₃₄₅₆₇₈₉") & set(text)


def test_a_page_has_no_styles_for_what_its_picture_lacks() -> None:
    assert ".s-broken" not in page(EXAMPLE.run())
    assert ".s-broken" in page(explain("x/(x - x)", x=1))


def test_a_notebook_gets_the_page_in_a_frame() -> None:
    run = EXAMPLE.run()
    shown = run._repr_html_()
    assert framed(run) == shown
    reader = Reader(shown)
    assert ["iframe"] == reader.tags
    inside = dict(reader.attributes)["srcdoc"]
    assert page(run, most=200) == inside
    assert "allow-scripts" == dict(reader.attributes)["sandbox"]
