"""A newcomer's notebook, executed: what the cells show, and that none of them fails."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).resolve().parents[2]
CELLS = (
    "import numpy as np\nfrom autograd_explain import explain, grad, hessian, functions as F, record",
    'e = explain("(1 - sigmoid(w*x + b))**2", x=2, w=3, b=1)\ne',
    "print(e)",
    ("def loss(w, x):\n    h = np.tanh(w*x)\n    return h*h if h > 0 else h\nrun = explain(loss, w=1.5, x=0.3)\n"
    "[run.source[slice(*run.span(node.site))] for node in run.operations]"),
    "grad(grad(lambda x: x**3))(2.0), hessian(lambda x: x[0]**2*x[1])([3.0, 5.0]).tolist()",
    ("with record() as session:\n    a = session.input('a', 1.0)\n    b = a + a\n    c = b + b\n"
    "    c.backward()\n    c.backward()\nprint(session.ledger())"),
    'explain("2*sigmod(x)", x=1)',
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """What each cell shows, executed by a kernel of this interpreter."""
    folder = tmp_path_factory.mktemp("notebook")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    book.cells[-1].metadata["tags"] = ["raises-exception"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        kernel = folder / "data" / "kernels" / "own"
        kernel.mkdir(parents=True)
        argv = f'["{sys.executable}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
        (kernel / "kernel.json").write_text(f'{{"argv": {argv}, "display_name": "own", "language": "python"}}')
        client = nbclient.NotebookClient(book, timeout=120, kernel_name="own", resources={"metadata": {"path": folder}})
        with asyncio.Runner() as runner:
            runner.run(client.async_execute())
    return [cell.outputs for cell in book.cells]


pytestmark = pytest.mark.filterwarnings("ignore")  # of the notebook's own libraries


def _plain(output: Any) -> str:
    return str(output["data"]["text/plain"])


def test_an_explanation_shows_itself_as_a_page(outputs: list[list[Any]]) -> None:
    (shown,) = outputs[1]
    assert shown["data"]["text/html"].startswith("<iframe")
    assert "sigmoid" in shown["data"]["text/html"]
    assert {"text/html", "text/latex", "text/markdown", "text/plain"} <= shown["data"].keys()


def test_print_is_plain_text_there(outputs: list[list[Any]]) -> None:
    (shown,) = outputs[2]
    assert "GRADIENTS of the result" in shown["text"]
    assert "\x1b" not in shown["text"]


def test_a_cell_s_function_is_pointed_into(outputs: list[list[Any]]) -> None:
    assert "['w*x', 'np.tanh(w*x)', 'h > 0', 'h*h']" == _plain(outputs[3][0])


def test_second_derivatives_and_the_ledger(outputs: list[list[Any]]) -> None:
    assert "(12.0, [[10.0, 6.0], [6.0, 0.0]])" == _plain(outputs[4][0])
    assert "a   4 + 4 = 8" in outputs[5][0]["text"]


def test_an_error_names_the_place(outputs: list[list[Any]]) -> None:
    (failed,) = outputs[6]
    assert "unknown function 'sigmod'" in failed["evalue"]
    assert "did you mean sigmoid?" in failed["evalue"]
