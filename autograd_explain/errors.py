"""The family of errors a user meets: one message, the place it is about, and a hint.

Must not know the language, the engine or how output is coloured.
"""

from typing import ClassVar, Self

from autograd_explain.source import Source, Span, visible


class ExplainError(Exception):
    """A fault of the input, told in one message with the place in the text and a hint.

    `message` and `hint` are plain text; `span` counts code points of `source.text` as typed.
    `exit_code` is what a command ends with when it meets this error.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self, message: str, *, span: Span | None = None, hint: str = "", source: Source | None = None
    ) -> None:
        """Keep the parts; any of the span, the hint and the source may come later or stay away."""
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.source = source

    def located(self, source: Source | None, span: Span | None) -> Self:
        """Fill in the source and the span where they are missing, and return this error.

        A span given with another source is not taken: it would point into the wrong text.
        """
        if self.source is None or self.source == source:
            self.source = source
            self.span = span if self.span is None else self.span
        return self

    def __str__(self) -> str:
        """Return the whole report: the message, the excerpt with carets, the hint; no control characters."""
        lines = [visible(self.message, keep="\n")]
        if self.source is not None and self.span is not None:
            lines.extend(self.source.excerpt(self.span))
        if self.hint:
            lines.append("hint: " + visible(self.hint, keep="\n"))
        return "\n".join(lines)


class LanguageError(ExplainError):
    """The text is not in the language."""


class NameProblem(ExplainError):
    """A name is unknown, missing, superfluous or used for two things."""


class ShapeError(ExplainError):
    """Shapes do not fit together, or an index or axis lies outside."""


class DomainError(ExplainError):
    """An option of a function has a value it cannot take."""


class LimitError(ExplainError):
    """A limit was met: see `autograd_explain.limits`."""


class OperationProblem(ExplainError):
    """An operation that the user defined cannot be used: a part of its row is missing or wrong, or a rule failed."""


class InputError(ExplainError):
    """A value, a file or an option cannot be used."""


class RecordingNeeded(ExplainError):
    """A gradient was asked for while a checker runs the program on numbers that record nothing."""
