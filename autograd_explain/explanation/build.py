"""`Explanation`: one run, explained. Everything about it is worked out when it is read.

A run of 100,000 operations is ready at once; its texts are made for the steps that somebody looks at.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd_explain.core.shapes import zeros_of
from autograd_explain.core.tape import Turns
from autograd_explain.core.var import CONSTANT, INPUT, Var
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.model import (
    BranchRecord,
    InputRecord,
    NodeRecord,
    Note,
    PartRecord,
    PathRecord,
    ScopeRecord,
    StepRecord,
)
from autograd_explain.explanation.words import Wording
from autograd_explain.modes.records import Recording, Step, Sweep
from autograd_explain.modes.reverse import steps
from autograd_explain.source import Span

if TYPE_CHECKING:
    from autograd_explain.check.result import CheckResult
    from autograd_explain.explanation.faults import Comparison
    from autograd_explain.explanation.forward import ForwardPass
    from autograd_explain.explanation.second import SecondOrder
    from autograd_explain.explanation.training import Learned


class Explanation:
    """One forward and one backward pass, with every step, note and check.

    `value` is the result (float or float64 array), `gradients` the gradient of the result by each tracked
    input, in that input's shape.
    """

    def __init__(
        self, recording: Recording, sweep: Sweep, parsed: Any = None, checks: Sequence[CheckResult] = (),
        mode: str = "reverse",
    ) -> None:  # fmt: skip
        self.mode = mode
        self.recording = recording
        self.sweep = sweep
        self.tape = recording.tape
        self.checks: list[CheckResult] = list(checks)
        self.paths: dict[str, list[PathRecord]] | None = None
        self.fault: Comparison | None = None
        self.learned: Learned | None = None
        self.second: SecondOrder | None = None
        self._parsed = parsed
        self.words = Wording(self.tape, parsed.text_of if parsed else lambda site: "")

    @property
    def source(self) -> str | None:
        """The program as typed, a Python function's own text; None where that is not to be had."""
        return self._parsed.source.text if self._parsed else None

    @property
    def parsed(self) -> Any:
        """The program as it was read, `lang.parse.Parsed`; None for a Python function."""
        return self._parsed if self.program is not None else None

    @property
    def program(self) -> Any:
        """The program's syntax tree; None for a Python function."""
        return self._parsed.tree if self._parsed else None

    @property
    def result(self) -> Var:
        """The recorded result."""
        return self.recording.result

    @property
    def value(self) -> Any:
        """The result: a float, or a float64 array."""
        return self.result.value

    @cached_property
    def gradients(self) -> dict[str, Any]:
        """The gradient of the result by each tracked input, by name; zeros where no path leads."""
        if self.mode == "forward":
            return self.forward.gradients
        tracked = (record for record in self.inputs if record.tracked)
        return {record.name: self.gradient(self.tape.nodes[record.node]) for record in tracked}

    def gradient(self, node: Var) -> Any:
        """The total that reached a value: zeros where no path leads, None where it is not tracked."""
        if not node.tracked:
            return None
        total = self.sweep.gradients[node.index]
        if total is None:
            return zeros_of(node)
        return total + 0.0  # as the sum that it is, from 0 on: of -0 alone it is 0

    @cached_property
    def forward(self) -> ForwardPass:
        """The forward sweeps: tangents beside the values, one sweep for each entry of the tracked inputs."""
        from autograd_explain.explanation.forward import ForwardPass

        return ForwardPass(self)

    def _reached(self, node: Var) -> Any:
        """The gradient of one value where the mode finds it: forward mode finds those of the inputs alone."""
        if self.mode != "forward":
            return self.gradient(node)
        name = self.tape.names.get(node.index)
        return self.gradients.get(str(name)) if self.recording.inputs.get(str(name)) is node else None

    @cached_property
    def inputs(self) -> list[InputRecord]:
        """The given values, in order of first use, unused ones last."""
        first = self._first_uses()
        known = sorted(self.recording.inputs.items(), key=lambda item: first.get(item[1].index, len(first)))
        return [InputRecord(name, n.index, n.shape, n.value, n.tracked) for name, n in known]

    def _first_uses(self) -> dict[int, int]:
        """The order in which the inputs were first used; looked for no further than the last of them."""
        first: dict[int, int] = {}
        for node in self.tape.nodes:
            if len(first) == len(self.recording.inputs):
                break
            for argument in node.inputs:
                if argument.op is INPUT:
                    first.setdefault(argument.index, len(first))
        return first

    def is_used(self, record: InputRecord) -> bool:
        """Whether a path leads from this input to the result."""
        return self.is_used_at(record.node)

    def is_used_at(self, node: int) -> bool:
        """Whether a path leads from this value to the result."""
        return self.sweep.gradients[node] is not None or node == self.result.index

    @cached_property
    def uses(self) -> Counter[int]:
        """How many contributions reach each value."""
        reached = (node for node in self.operations if node.tracked and self.sweep.gradients[node.index] is not None)
        return Counter(argument.index for node in reached for argument in node.inputs if argument.tracked)

    @cached_property
    def scopes(self) -> list[ScopeRecord]:
        """The calls and loop turns that recorded something, in order of entering."""
        left = [turn for s in self.tape.scopes for turn in (s.scopes() if isinstance(s, Turns) else (s,))]
        # An outer scope is left after the inner ones, so of two that span the same the later one is the outer.
        entered = [s for _, s in sorted(enumerate(left), key=lambda item: (item[1].start, -item[1].stop, -item[0]))]
        records: list[ScopeRecord] = []
        around: list[int] = []
        for number, scope in enumerate(entered):
            while around and records[around[-1]].stop <= scope.start:
                around.pop()
            parent = around[-1] if around else None
            span = self.span(scope.site)
            records.append(ScopeRecord(number, parent, scope.kind, scope.title, scope.iteration, span, *scope[:2]))
            around.append(number)
        return records

    @cached_property
    def _scope_of(self) -> list[int | None]:
        places: list[int | None] = [None] * len(self.tape.nodes)
        for scope in self.scopes:
            places[scope.start : scope.stop] = [scope.id] * (scope.stop - scope.start)
        return places

    def titles_of(self, scope: int | None) -> list[str]:
        """The calls and loop turns around what a scope recorded, outermost first; none outside all of them."""
        titles: list[str] = []
        while scope is not None:
            entered = self.scopes[scope]
            titles.insert(0, f"{entered.title}{f', turn {entered.iteration}' if entered.iteration is not None else ''}")
            scope = entered.parent
        return titles

    def scope_of(self, node: Var) -> int | None:
        """The innermost call or loop turn that recorded a value."""
        return self._scope_of[node.index]

    def node(self, node: Var) -> NodeRecord:
        """The record of one value."""
        leaf = node.op is CONSTANT
        return NodeRecord(
            node.index, self.words.label(node), None if leaf else self.tape.names.get(node.index), node.op.name,
            tuple(argument.index for argument in node.inputs), self.tape.options.get(node.index, {}),
            self.words.formula(node), node.shape, node.value, self._reached(node), node.tracked,
            self.span(node.site), self._scope_of[node.index],
        )  # fmt: skip

    @property
    def nodes(self) -> Iterator[NodeRecord]:
        """Every recorded value, in order of recording."""
        return map(self.node, self.tape.nodes)

    @cached_property
    def step_count(self) -> int:
        """How many backward steps there are."""
        gradients = self.sweep.gradients
        return sum(1 for node in self.operations if node.tracked and gradients[node.index] is not None)

    @cached_property
    def operations(self) -> list[Var]:
        """The recorded operations, without inputs and constants."""
        return [node for node in self.tape.nodes if node.inputs]

    def walk(self) -> Iterator[Step]:
        """The backward steps as numbers, without text."""
        return steps(self.sweep)

    @property
    def steps(self) -> Iterator[StepRecord]:
        """The backward steps in order, with their rules."""
        return map(self.step, self.walk())

    def step(self, step: Step) -> StepRecord:
        """One backward step with its rules as formulas."""
        parts = tuple(
            PartRecord(
                part.position, part.target.index, self.words.label(part.target),
                self.words.rule(step.node, part.position, step.upstream, part.local),
                part.local, part.contribution, part.before, part.after,
            )
            for part in step.parts
        )  # fmt: skip
        return StepRecord(step.number, step.node.index, step.upstream, parts)

    def span(self, site: Any) -> Span | None:
        """The place of a site in the program as typed."""
        return self._parsed.span(site) if self._parsed and site is not None else None

    def line_at(self, site: Any) -> str:
        """The text of the program's line that a site begins on; nothing for a Python function."""
        span = self.span(site)
        if span is None:
            return ""
        _, start, stop = self._parsed.source.line_of(span.start)
        return str(self._parsed.source.text[start:stop].strip())

    def excerpt(self, site: Any, width: int) -> tuple[str, ...]:
        """The program's line around a site, the site underlined; nothing for a Python function."""
        span = self.span(site)
        return self._parsed.source.excerpt(span, width) if span else ()

    def located(self, error: ExplainError, site: Any) -> ExplainError:
        """The error with a site's place in the program."""
        return error.located(self._parsed.source, self.span(site)) if self._parsed else error

    def text_of(self, site: Any) -> str:
        """The text of a site in plain syntax."""
        return self._parsed.text_of(site) if self._parsed and site is not None else ""

    @property
    def branches(self) -> Iterator[BranchRecord]:
        """The conditions asked, in order."""
        return (BranchRecord(b.node, self.span(b.site), self.text_of(b.site), b.taken) for b in self.tape.branches)

    @cached_property
    def notes(self) -> list[Note]:
        """The notes, each at its step."""
        from autograd_explain.explanation.notes import notes

        if self.mode == "forward":
            from autograd_explain.explanation.forward import told_forward

            return told_forward(self, list(notes(self)))
        return list(notes(self))

    def to_dict(self) -> dict[str, Any]:
        """The whole explanation as JSON-ready data; see `render.as_json` for writing it piece by piece."""
        from autograd_explain.render.as_json import as_dict

        return as_dict(self)

    def to_code(self, target: str = "numpy") -> str:
        """A complete script of this run for "numpy", "torch" or "jax"; see `docs/exporting.md`.

        It ends by printing one JSON line, `{"value": …, "gradients": {…}}`. Raises InputError for another target and
        for an operation of your own without a text there.
        """
        from autograd_explain.render.as_code import to_code

        return to_code(self, target)

    def __str__(self) -> str:
        """The text as `print` shows it: in colour and as wide as the terminal where standard output is one."""
        from autograd_explain.render.rich_text import view_of
        from autograd_explain.render.terminal import as_text

        return as_text(self, view_of(sys.stdout))

    def __rich_console__(self, console: Any, options: Any) -> Any:
        """What Rich prints."""
        from autograd_explain.render.rich_text import as_rich

        yield as_rich(self, options)

    def _repr_markdown_(self) -> str:
        """The document for a notebook that shows no HTML."""
        from autograd_explain.render.as_markdown import in_notebook
        from autograd_explain.render.theme import View

        return in_notebook(self, View())

    def _repr_latex_(self) -> str:
        """The result and the gradients as one formula."""
        from autograd_explain.render.as_markdown import summary_formula
        from autograd_explain.render.theme import View

        return summary_formula(self, View())

    def _repr_html_(self) -> str:
        """The page that `-o page.html` writes, in a frame: what a notebook shows."""
        from autograd_explain.render.as_html import framed

        return framed(self)

    def __repr__(self) -> str:
        return f"<Explanation of {self.source!r}: value {self.value!r}>"
