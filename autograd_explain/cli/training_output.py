"""Where a training is told: the terminal, as its steps are taken, or a file that is written whole at the end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.output import deliver, view_for, writable
from autograd_explain.cli.progress import Progress
from autograd_explain.errors import InputError
from autograd_explain.render.theme import Line

ENDINGS = {".txt": "text", ".jsonl": "jsonl", ".svg": "svg", ".png": "png", ".html": "html"}
"""The format that a file's ending stands for."""


class Sink:
    """What takes text, lines or bytes; a file gets them when all is told, standard output at once."""

    def __init__(self, options: dict[str, Any]) -> None:
        """Read where to and how from the options. Raises InputError before anything is trained."""
        self.path = writable(options["output"], force=options["force"], example="training.svg")
        self.force: bool = options["force"]
        self.format = _format(options["format_name"], self.path)
        self.view = view_for(options, self.path, all=options["everything"], notes=not options["no_notes"])
        self.progress: Progress | None = None
        self._parts: list[str] = []
        if self.format == "png" and self.path is None:
            raise InputError("a PNG picture is not for the terminal", hint="-o training.png")
        if self.format in {"jsonl", "html", "svg"} and self.path is None:
            console.use_utf8()

    def lines(self, lines: Iterable[Line]) -> None:
        """Take lines of text."""
        self.text("".join(line.render(self.view) + "\n" for line in lines))

    def text(self, text: str) -> None:
        """Take text."""
        if self.path is not None:
            self._parts.append(text)
            return
        if self.progress is not None:
            self.progress.clear()
        console.write(lambda out: out.writelines([text]))

    def finish(self, picture: bytes | None = None) -> None:
        """Write the file, if there is one: what it was given, or a picture."""
        if self.progress is not None:
            self.progress.clear()
        if self.path is None:
            if picture is not None:
                self.text(picture.decode("utf-8"))
            return
        content: Any = "".join(self._parts) if picture is None else picture
        deliver(self.path, lambda out: out.write(content), force=self.force, binary=picture is not None)


def _format(name: str | None, path: Path | None) -> str:
    if name is not None or path is None:
        return name or "text"
    if path.suffix.lower() not in ENDINGS:
        message = f"a training cannot be written to {path}"
        raise InputError(message, hint=f"the ending says how: {', '.join(ENDINGS)}; or --format text")
    return ENDINGS[path.suffix.lower()]
