"""The options of `plot`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from autograd_explain.cli.options import LARGEST_DIGITS
from autograd_explain.cli.own_operations import ops_option

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS = (
    click.argument("program"),
    click.option("--over", multiple=True, metavar="X=-5:5",
                 help='The range to draw over; twice for a map. An entry of an array: "x[0]=-5:5".'),
    click.option("-o", "--output", metavar="FILE", help="Write to FILE (.svg, .png, .txt), whole or not at all."),
    click.option("--force", is_flag=True, help="Let -o FILE replace a file."),
    click.option("--digits", type=click.IntRange(1, LARGEST_DIGITS), default=6, show_default=True,
                 help="Significant digits shown."),
    click.option("--plain", is_flag=True, help="ASCII without colour."),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N",
                 help="The start of rand and randn."),
    click.option("--limit", "limits", multiple=True, metavar="NAME=N",
                 help="Raise a limit: nodes, statements, depth, elements, text, nesting."),
    click.option("--set", "values", multiple=True, metavar="NAME=VALUE",
                 help="A value for a name that is also an option: --set over=2."),
    click.option("--data", metavar="FILE", help="A .csv table: its numeric columns become names."),
    ops_option,
    click.option("--debug", is_flag=True, help="Show where a fault of the program itself happened."),
)  # fmt: skip


def plot_options(function: _Function) -> _Function:
    """Give a command the argument PROGRAM and the options of `plot`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
