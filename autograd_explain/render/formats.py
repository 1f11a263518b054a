"""The formats an explanation can be written in: one row each. Loads nothing but the row that is asked for.

A format's module has `write(run, view, out)`. A new format is one module and one row here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.render.theme import View


class Format(NamedTuple):
    """A format: what it is called, the ending of its files, and the module that writes it."""

    name: str
    ending: str
    """With its dot; "" for a format that no ending stands for."""
    module: str
    binary: bool = False
    """Whether `out` is a stream of bytes, not of text."""
    for_programs: bool = False
    """Whether its reader is a program: UTF-8 whatever the console is."""

    def write(self, run: Explanation, view: View, out: Any) -> None:
        """Write the explanation to an open stream."""
        import_module(f"autograd_explain.render.{self.module}").write(run, view, out)


FORMATS = (
    Format("text", ".txt", "terminal"),
    Format("json", ".json", "as_json", for_programs=True),
    Format("markdown", ".md", "as_markdown", for_programs=True),
    Format("latex", ".tex", "as_latex", for_programs=True),
    Format("html", ".html", "as_html", for_programs=True),
    Format("graph", "", "as_graph"),
    Format("svg", ".svg", "as_svg", for_programs=True),
    Format("dot", ".dot", "as_dot", for_programs=True),
    Format("mermaid", ".mmd", "as_mermaid", for_programs=True),
    Format("png", ".png", "as_png", binary=True),
    Format("python", ".py", "as_python", for_programs=True),
    Format("torch", "", "as_torch", for_programs=True),
    Format("jax", "", "as_jax", for_programs=True),
)

BY_NAME = {row.name: row for row in FORMATS}
BY_ENDING = {row.ending: row for row in FORMATS if row.ending}
