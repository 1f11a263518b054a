"""The options of `quiz`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from autograd_explain.cli.declaring import option
from autograd_explain.cli.options import debug_option, digits_option, limit_option
from autograd_explain.cli.own_operations import ops_option

QUIZ_FORMATS = ("text", "json")
QUIZ_LEVELS = ("values", "locals", "chain", "formulas")
MOST_QUESTIONS = 200
_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS = (
    click.argument("program"),
    option("--questions", type=click.IntRange(1, MOST_QUESTIONS), default=8, show_default=True, metavar="N",
                 help="How many questions."),
    option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="S",
                 help="Another choice of questions; also the start of rand and randn."),
    option("--level", type=click.Choice(QUIZ_LEVELS), help="Ask only about this.  [default: all of them]"),
    option("--answers", metavar="FILE", help="Grade the answers in FILE, one a line; - is standard input."),
    option("--worksheet", metavar="FILE", help="Write the questions with blanks (Markdown), and the key."),
    option("--key", metavar="FILE", help="Where the key goes.  [default: beside the worksheet, as NAME-key.md]"),
    option("--format", "format_name", type=click.Choice(QUIZ_FORMATS),
                 help="What the results are written as.  [default: what -o's ending says, else text]"),
    option("-o", "--output", metavar="FILE", help="Write the results to FILE, whole or not at all."),
    option("--force", is_flag=True, help="Let -o, --worksheet and --key replace a file."),
    option("--wrt", metavar="W,B", help="Track only these names.  [default: every given value]"),
    option("--upstream", metavar="VALUE", help="What the result is seeded with.  [default: ones]"),
    option("--at-kink", metavar="RELU=1", help="Another derivative at a corner: --at-kink relu=1,abs=0.5."),
    digits_option,
    option("--plain", is_flag=True, help="Questions one after the other, in ASCII without colour."),
    limit_option,
    option("--set", "values", multiple=True, metavar="NAME=VALUE",
                 help="A value for a name that is also an option: --set key=2."),
    option("--data", metavar="FILE", help="A .csv table: its numeric columns become names, untracked."),
    ops_option,
    debug_option,
)  # fmt: skip


def quiz_options(function: _Function) -> _Function:
    """Give a command the argument PROGRAM and the options of `quiz`."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function
