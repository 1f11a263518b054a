"""The options of `train`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from autograd_explain.cli.declaring import option
from autograd_explain.cli.options import debug_option, digits_option, limit_option, plain_option
from autograd_explain.cli.own_operations import ops_option

TRAIN_FORMATS = ("text", "jsonl", "html", "svg", "png")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_COUNT = click.IntRange(1)
_OPTIONS = (
    click.argument("program", required=False),
    option("--wrt", metavar="W,B", help="Train only these names.  [default: every given value]"),
    option("--optimizer", metavar="NAME", help="sgd, adagrad, rmsprop, adam, adamw or nadam; settings in "
                 'parentheses: "sgd(momentum=0.9)".  [default: sgd]'),
    option("--lr", type=float, metavar="NUMBER", help="The learning rate.  [default: the optimizer's own]"),
    option("--steps", type=_COUNT, metavar="N", help="How many steps.  [default: 100]"),
    option("--epochs", type=_COUNT, metavar="N", help="How many passes over the data, instead of --steps."),
    option("--batch", type=_COUNT, metavar="N", help="Rows of the data at a step.  [default: all]"),
    option("--holdout", type=float, metavar="SHARE", help="Rows never trained on, such as 0.2 of them."),
    option("--schedule", "schedules", multiple=True, metavar="NAME", help="constant, step, exponential, cosine "
                 'or warm-up; settings in parentheses: "step(every=50)". May be given several times.'),
    option("--clip-norm", type=float, metavar="NUMBER", help="The longest that all gradients together may be."),
    option("--clip-value", type=float, metavar="NUMBER", help="The largest that an entry of a gradient may be."),
    option("--until", metavar='"loss<1e-6"', help="Stop there; also gradient<1e-3 and held-out<0.1."),
    option("--patience", type=_COUNT, metavar="N", help="Stop when N epochs have brought nothing better."),
    option("--explain", "explained", type=_COUNT, multiple=True, metavar="K",
                 help="Show step K in full.  [default: 1]"),
    option("--step", "screen", is_flag=True,
                 help="Walk through step 1, or that of --explain, on the full screen; N and P go to the next step and "
                 "the one before."),
    option("--save", metavar="FILE", help="Write the training to FILE, so that it can go on."),
    option("--resume", metavar="FILE", help="Go on with a training that was saved."),
    option("--force", is_flag=True, help="Let --save and -o replace a file."),
    option("--format", "format_name", type=click.Choice(TRAIN_FORMATS),
                 help="Text, one JSON object a step, a page, or a picture.  [default: from FILE's ending, else text]"),
    option("-o", "--output", metavar="FILE", help="Write to FILE (.txt .jsonl .html .svg .png), whole or not at "
                 "all; pictures need matplotlib."),
    option("--compare", metavar="sgd,adam", help="Train with each of these optimizers, side by side."),
    option("--fault", metavar="NAME", help="A broken training beside the right one: keep-gradients."),
    option("--brief", is_flag=True, help="No step in full."),
    option("--all", "everything", is_flag=True, help="Every step in the table."),
    option("--no-notes", is_flag=True, help="No explaining notes."),
    digits_option,
    plain_option,
    option("--seed", type=click.IntRange(0), metavar="N", help="The start of rand, randn and the order of rows.  "
                 "[default: 0]"),
    limit_option,
    option("--set", "values", multiple=True, metavar="NAME=VALUE",
                 help="A value for a name that is also an option: --set lr=2."),
    option("--data", metavar="FILE", help="A table (.csv, .npz, .json): its numeric columns become names."),
    ops_option,
    debug_option,
)  # fmt: skip


def train_options(function: _Function) -> _Function:
    """Give a command the argument PROGRAM and the options of `train`."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function
