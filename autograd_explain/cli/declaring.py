"""How the options of commands are declared."""

from __future__ import annotations

from functools import partial
from typing import Any

import click


class Option(click.Option):
    """An option whose help is one line.

    click reads every help text as the docstring of a function, in search of an indentation: a twentieth of start-up.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Declare it, its help as it stands."""
        text = kwargs.pop("help", None)
        super().__init__(*args, **kwargs)
        self.help = text


option = partial(click.option, cls=Option)
"""Like `click.option`, which it takes the place of."""
