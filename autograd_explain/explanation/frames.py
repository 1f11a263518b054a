"""A run as a row of frames, one for each thing that happens: what is known at each of them, and the way between.

First the given values, then every operation forwards, the seed, every step back, and what came of it. A place in the
run is an index into this row: nothing is computed anew on the way, so that going back is exact. Must not know how a
frame is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_explain.core.var import Var
from autograd_explain.explanation.model import Note
from autograd_explain.modes.records import Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

GIVEN, FORWARD, SEED, BACKWARD, OUTCOME = "given", "forward", "seed", "backward", "outcome"
_AT_OUTCOME = frozenset({"meaning", "unused-input", "vanishing", "exploding"})
_AT_SEED = frozenset({"seed", "non-scalar"})


@dataclass(frozen=True, slots=True)
class Frame:
    """One place in a run: what kind of thing happens there, the how manieth of its kind, and to which value."""

    index: int
    kind: str
    number: int
    """Counted from 1 within the kind; of a step back it is the step's own number."""
    node: int | None


class Arrival(NamedTuple):
    """One contribution to a value: at which step it came, and the total since."""

    step: int
    contribution: Any
    total: Any


class Frames:
    """The frames of one run. What is asked of a frame is read off the finished run, never computed along the way."""

    def __init__(self, run: Explanation) -> None:
        self.run = run
        self.operations = [node.index for node in run.operations]
        tracked = run.result.tracked
        reached = run.sweep.gradients
        walked = reversed(run.operations) if tracked else ()
        self.returns = [node.index for node in walked if node.tracked and reached[node.index] is not None]
        """The values that hand their gradient on, in the order in which they do."""
        self._seed = 1 + len(self.operations)
        self._first_step = self._seed + (1 if tracked else 0)
        self._count = self._first_step + len(self.returns) + 1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Frame:
        if index <= 0:
            return Frame(0, GIVEN, 1, None)
        if index < self._seed:
            return Frame(index, FORWARD, index, self.operations[index - 1])
        if index >= self._count - 1:
            return Frame(self._count - 1, OUTCOME, 1, None)
        if index < self._first_step:
            return Frame(index, SEED, 1, self.run.result.index)
        number = index - self._first_step + 1
        return Frame(index, BACKWARD, number, self.returns[number - 1])

    def count(self, kind: str) -> int:
        """How many frames of a kind there are."""
        counts = {FORWARD: len(self.operations), SEED: self._first_step - self._seed, BACKWARD: len(self.returns)}
        return counts.get(kind, 1)

    def of_step(self, number: int) -> Frame | None:
        """The frame of a step back by its number; None where there is no such step."""
        return self[self._first_step + number - 1] if 1 <= number <= len(self.returns) else None

    def of_operation(self, node: int) -> Frame | None:
        """The frame where a value is computed; None for given values and constants."""
        place = bisect_right(self.operations, node)
        return self[place] if place and self.operations[place - 1] == node else None

    @cached_property
    def steps(self) -> list[Step]:
        """The steps back with their numbers."""
        return list(self.run.walk())

    @cached_property
    def _arrivals(self) -> dict[int, list[Arrival]]:
        found: dict[int, list[Arrival]] = {}
        for step in self.steps:
            for part in step.parts:
                found.setdefault(part.target.index, []).append(Arrival(step.number, part.contribution, part.after))
        return found

    def arrived(self, frame: Frame, node: int) -> Sequence[Arrival]:
        """The contributions that have reached a value, those of this frame among them."""
        if frame.kind not in (BACKWARD, OUTCOME):
            return ()
        known = self._arrivals.get(node, [])
        if frame.kind == OUTCOME:
            return known
        return known[: bisect_right(known, frame.number, key=lambda arrival: arrival.step)]

    def earlier(self, frame: Frame, node: int) -> Sequence[Arrival]:
        """The contributions that reached a value before this frame's."""
        return [arrival for arrival in self.arrived(frame, node) if arrival.step < frame.number]

    def is_known(self, frame: Frame, node: int) -> bool:
        """Whether a value has been computed by then."""
        if not self.run.tape.nodes[node].inputs or frame.kind not in (GIVEN, FORWARD):
            return True
        return frame.node is not None and node <= frame.node

    def gradient(self, frame: Frame, node: int) -> Any:
        """The total that has reached a value so far; None where nothing has."""
        if node == self.run.result.index and frame.index >= self._seed and self.run.result.tracked:
            return self.run.sweep.seed
        came = self.arrived(frame, node)
        return came[-1].total if came else None

    def is_final(self, frame: Frame, node: int) -> bool:
        """Whether nothing more will reach a value: every use of it has been visited."""
        return frame.kind == OUTCOME or len(self.arrived(frame, node)) == self.run.uses[node]

    def scope(self, node: int | None) -> int | None:
        """The innermost call or loop turn that a value was made in."""
        return None if node is None else self._scope_of[node]

    def leaving(self, members: Sequence[int]) -> int:
        """The last of some values, all in one call or loop turn, that is used after them; the last where none is."""
        return next((value for value in reversed(members) if self._last_use[value] > members[-1]), members[-1])

    @cached_property
    def _last_use(self) -> list[int]:
        """Of every value the last one made from it; -1 where there is none."""
        last = [-1] * len(self.run.tape.nodes)
        for node in self.run.operations:
            for argument in node.inputs:
                last[argument.index] = node.index
        return last

    @cached_property
    def _scope_of(self) -> list[int | None]:
        places: list[int | None] = [None] * len(self.run.tape.nodes)
        for scope in self.run.scopes:
            places[scope.start : scope.stop] = [scope.id] * (scope.stop - scope.start)
        return places

    @cached_property
    def _notes(self) -> dict[int, list[Note]]:
        """Notes by the index of the frame where their question arises."""
        found: dict[int, list[Note]] = {}
        for note in self.run.notes:
            found.setdefault(self._place(note), []).append(note)
        return found

    def _place(self, note: Note) -> int:
        if note.kind in _AT_OUTCOME:
            return len(self) - 1
        if note.kind in _AT_SEED and self.count(SEED):
            return self._seed
        if note.step is not None:
            frame = self.of_step(note.step)
        else:
            frame = self.of_operation(note.node) if note.node is not None else None
        return frame.index if frame else len(self.operations)

    def notes(self, frame: Frame) -> list[Note]:
        """The notes that belong to a frame, in their order of rank."""
        return self._notes.get(frame.index, [])

    def touches(self, frame: Frame, node: int) -> bool:
        """Whether a frame is about a value: makes it, uses it, or hands a gradient to it or on from it."""
        if frame.node is None:
            return frame.kind == GIVEN and not self.run.tape.nodes[node].inputs
        own = self.run.tape.nodes[frame.node]
        return frame.node == node or (frame.kind != SEED and any(argument.index == node for argument in own.inputs))


class Stops:
    """The frames that stepping halts at: all of them, but one for each folded scope, and only those of one value."""

    def __init__(self, frames: Frames, folded: Collection[int] = (), only: int | None = None) -> None:
        self.frames = frames
        self.folded = frozenset(folded)
        self.only = only
        plain = not self.folded and only is None
        self.indexes: Sequence[int] = range(len(frames)) if plain else list(self._chosen())

    def _chosen(self) -> Iterator[int]:
        """The last frame of every group, for a folded scope has happened when its last frame has."""
        waiting: tuple[Any, int] | None = None
        for index in range(len(self.frames)):
            frame = self.frames[index]
            if self.only is not None and not self.frames.touches(frame, self.only):
                continue
            scope = self.folded_scope(frame.node)
            group = (frame.kind, scope) if scope is not None else index
            if waiting is not None and waiting[0] != group:
                yield waiting[1]
            waiting = (group, index)
        if waiting is not None:
            yield waiting[1]

    def folded_scope(self, node: int | None) -> int | None:
        """The outermost folded scope around a value; None where all around it are open."""
        found = None
        scope = self.frames.scope(node)
        while scope is not None:
            found = scope if scope in self.folded else found
            scope = self.frames.run.scopes[scope].parent
        return found

    def after(self, index: int) -> int:
        """The next stop; the last one stays."""
        return self.at(bisect_right(self.indexes, index))

    def before(self, index: int) -> int:
        """The stop before; the first one stays."""
        place = bisect_right(self.indexes, index - 1)
        return self.at(place - 1)

    def at(self, place: int) -> int:
        """The frame's index at a place in the row of stops, the nearest one where there is no such place."""
        return self.indexes[max(0, min(place, len(self.indexes) - 1))]

    def nearest(self, index: int) -> int:
        """The stop that shows a frame: itself, or the one that stands for it."""
        return self.at(bisect_right(self.indexes, index - 1))

    def place(self, index: int) -> int:
        """How many stops come before a frame."""
        return bisect_right(self.indexes, index - 1)


def find(frames: Frames, text: str, here: Frame) -> Frame | None:
    """The frame that a text names: a step's number, `forward 3`, `start`, `seed`, `end`, or a value by its label.

    A value is found where it hands its gradient on if the walk back is on, else where it is computed.
    """
    words = text.split()
    if len(words) == 2 and words[0] == FORWARD and words[1].isdecimal():
        number = int(words[1])
        return frames[number] if 1 <= number <= frames.count(FORWARD) else None
    if text.isdecimal():
        return frames.of_step(int(text))
    node = labelled(frames, text)
    if node is not None:
        return _of_value(frames, node, here)
    known = {"start": 0, "end": len(frames) - 1, "seed": len(frames) - 2 - frames.count(BACKWARD)}
    return frames[known[text]] if text in known else None


def labelled(frames: Frames, text: str) -> int | None:
    """The value of that label; a name that was bound several times means the last."""
    labels = frames.run.words.labels
    for record in frames.run.inputs:
        if record.name == text:
            return record.node
    for index in reversed(frames.operations):
        if labels[index] == text or frames.run.tape.names.get(index) == text:
            return index
    return None


def _of_value(frames: Frames, node: int, here: Frame) -> Frame | None:
    made = frames.of_operation(node)
    is_forward = here.kind in (GIVEN, FORWARD)
    if is_forward and made is not None:
        return made
    kinds = (FORWARD,) if is_forward else (SEED, BACKWARD)
    for index in range(len(frames)):
        frame = frames[index]
        if frame.kind in kinds and frames.touches(frame, node) and (made is None or frame.node == node):
            return frame
    return made or frames[0]


def search(frames: Frames, text: str, here: int) -> Frame | None:
    """The next frame, going round, about a value whose name contains the text, whatever its capitals."""
    labels = frames.run.words.labels
    wanted = {index for index, label in enumerate(labels) if text.casefold() in label.casefold() and label}
    for distance in range(1, len(frames) + 1):
        frame = frames[(here + distance) % len(frames)]
        if frame.node is not None and any(node.index in wanted for node in _about(frames, frame)):
            return frame
    return None


def _about(frames: Frames, frame: Frame) -> Iterator[Var]:
    own = frames.run.tape.nodes[frame.node or 0]
    yield own
    if frame.kind != SEED:
        yield from own.inputs


def same_place(old: Frame, frames: Frames) -> Frame:
    """The frame of another run that stands where `old` stood: the same number of the same kind, or the last there."""
    count = frames.count(old.kind)
    if not count:
        return frames[min(old.index, len(frames) - 1)]
    last = min(old.number, count)
    if old.kind == FORWARD:
        return frames[last]
    if old.kind == BACKWARD:
        return frames.of_step(last) or frames[len(frames) - 1]
    known = {GIVEN: 0, OUTCOME: len(frames) - 1, SEED: len(frames) - 2 - frames.count(BACKWARD)}
    return frames[known[old.kind]]
