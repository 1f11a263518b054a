"""The options of `plot`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from autograd_explain.cli.declaring import option
from autograd_explain.cli.options import debug_option, digits_option, limit_option, plain_option, seed_option
from autograd_explain.cli.own_operations import ops_option

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS = (
    click.argument("program"),
    option("--over", multiple=True, metavar="X=-5:5",
                 help='The range to draw over; twice for a map. An entry of an array: "x[0]=-5:5".'),
    option("-o", "--output", metavar="FILE", help="Write to FILE (.svg, .png, .txt), whole or not at all."),
    option("--force", is_flag=True, help="Let -o FILE replace a file."),
    digits_option,
    plain_option,
    seed_option,
    limit_option,
    option("--set", "values", multiple=True, metavar="NAME=VALUE",
                 help="A value for a name that is also an option: --set over=2."),
    option("--data", metavar="FILE", help="A .csv table: its numeric columns become names."),
    ops_option,
    debug_option,
)  # fmt: skip


def plot_options(function: _Function) -> _Function:
    """Give a command the argument PROGRAM and the options of `plot`."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function
