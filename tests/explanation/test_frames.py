"""Frames of a run: their order, what is known at each, folding, one value's own, finding; read without a screen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_explain import explain
from autograd_explain.explanation.frames import Frames, Stops, find, labelled, same_place, search
from tests.programs import DEF_AND_FOR, EXAMPLE, FAN_OUT, TWO_LAYERS, Case, case

UNTRACKED = case("3*4")
EVERY = (EXAMPLE, FAN_OUT, TWO_LAYERS, DEF_AND_FOR, case("x", x=2), UNTRACKED)


def frames_of(program: Case, **options: Any) -> Frames:
    return Frames(program.run(**options))


def kinds(frames: Frames) -> list[str]:
    return [frames[index].kind for index in range(len(frames))]


def test_what_happens_comes_in_order() -> None:
    expected = ["given", "forward", "forward", "seed", "backward", "backward", "outcome"]
    assert expected == kinds(frames_of(FAN_OUT))


def test_without_a_gradient_there_is_no_walk_back() -> None:
    assert {"given", "forward", "outcome"} >= set(kinds(frames_of(UNTRACKED)))
    assert ["given", "forward", "outcome"] == kinds(Frames(explain("x*2", x=3, wrt=[])))


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_frames_know_their_own_index_and_stay_within_the_row(program: Case) -> None:
    frames = frames_of(program)
    assert list(range(len(frames))) == [frames[index].index for index in range(len(frames))]
    assert (0, len(frames) - 1) == (frames[-5].index, frames[10**6].index)


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_steps_have_the_numbers_of_the_data(program: Case) -> None:
    run = program.run()
    frames = Frames(run)
    steps = run.to_dict()["backward"]
    assert len(steps) == frames.count("backward")
    for step in steps:
        frame = frames.of_step(step["step"])
        assert frame is not None
        assert (step["step"], step["node"]) == (frame.number, frame.node)
    assert frames.of_step(0) is None
    assert frames.of_step(len(steps) + 1) is None


def test_values_become_known_one_by_one() -> None:
    frames = frames_of(FAN_OUT)
    made = frames.operations
    known = [[frames.is_known(frames[index], node) for node in made] for index in range(len(frames))]
    assert [[False, False], [True, False], [True, True], [True, True]] == known[:4]
    assert all(frames.is_known(frames[0], record.node) for record in frames.run.inputs)


def test_totals_grow_contribution_by_contribution() -> None:
    frames = frames_of(FAN_OUT)
    x = frames.run.inputs[0].node
    assert [None] * 4 + [1.0, 7.0, 7.0] == [frames.gradient(frames[i], x) for i in range(len(frames))]
    assert [False, True, True] == [frames.is_final(frames[i], x) for i in range(4, 7)]
    assert [1.0, 3.0, 3.0] == [arrival.contribution for arrival in frames.arrived(frames[5], x)]
    assert [1.0] == [arrival.contribution for arrival in frames.earlier(frames[5], x)]


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_the_end_has_the_gradients_of_the_run(program: Case) -> None:
    run = program.run()
    frames = Frames(run)
    last = frames[len(frames) - 1]
    for record in run.inputs:
        if record.tracked:
            assert str(run.gradients[record.name]) == str(frames.gradient(last, record.node))


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_every_note_stands_at_one_frame(program: Case) -> None:
    frames = frames_of(program)
    placed = [note for index in range(len(frames)) for note in frames.notes(frames[index])]
    assert sorted(map(repr, frames.run.notes)) == sorted(map(repr, placed))


def test_a_step_has_its_note_and_the_end_says_what_the_gradient_means() -> None:
    frames = frames_of(FAN_OUT)
    assert ["accumulation"] == [note.kind for note in frames.notes(frames[5])]
    assert "meaning" in {note.kind for note in frames.notes(frames[6])}


# Stops


def walked(stops: Stops, start: int) -> list[int]:
    """The stops on the way from a frame to the end."""
    way = [start]
    while stops.after(way[-1]) != way[-1]:
        way.append(stops.after(way[-1]))
    return way


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_going_back_is_going_forward_the_other_way(program: Case) -> None:
    stops = Stops(frames_of(program))
    way = walked(stops, 0)
    assert list(range(len(stops.frames))) == way
    back = [way[-1]]
    while stops.before(back[-1]) != back[-1]:
        back.append(stops.before(back[-1]))
    assert way[::-1] == back


def test_a_folded_turn_is_one_stop_each_way() -> None:
    frames = frames_of(DEF_AND_FOR)
    loops = [scope.id for scope in frames.run.scopes if scope.kind == "loop"]
    stops = Stops(frames, loops)
    assert ["given", *["forward"] * 3, "seed", *["backward"] * 3, "outcome"] == [
        frames[index].kind for index in stops.indexes
    ]
    assert 9 == frames.count("forward")
    inside = frames[2]
    assert 0 == stops.folded_scope(inside.node)
    assert stops.nearest(inside.index) == stops.indexes[1]


def test_an_outer_fold_hides_inner_ones() -> None:
    frames = frames_of(DEF_AND_FOR)
    everything = Stops(frames, range(len(frames.run.scopes)))
    outer = Stops(frames, [scope.id for scope in frames.run.scopes if scope.parent is None])
    assert list(outer.indexes) == list(everything.indexes)


def test_only_the_steps_of_one_value() -> None:
    frames = frames_of(EXAMPLE)
    v3 = labelled(frames, "v3")
    assert v3 is not None
    stops = Stops(frames, only=v3)
    shown = [(frames[i].kind, frames.run.words.labels[frames[i].node or 0]) for i in stops.indexes]
    assert [("forward", "v3"), ("forward", "v4"), ("backward", "v4"), ("backward", "v3")] == shown


@given(start=st.integers(0, 30), only=st.sampled_from(["w", "x", "h1", None]), folded=st.sets(st.integers(0, 5)))
def test_stops_never_leave_their_row(start: int, only: str | None, folded: set[int]) -> None:
    frames = FRAMES
    stops = Stops(frames, folded, labelled(frames, only) if only else None)
    assert stops.nearest(start) in stops.indexes
    assert set(walked(stops, stops.at(0))) == set(stops.indexes)
    for index in stops.indexes:
        assert index == stops.nearest(index) == stops.at(stops.place(index))


FRAMES = frames_of(DEF_AND_FOR)

# Finding


@pytest.mark.parametrize(
    ("text", "here", "expected"),
    [
        ("1", 0, ("backward", 1)),
        ("5", 0, ("backward", 5)),
        ("forward 2", 9, ("forward", 2)),
        ("start", 9, ("given", 1)),
        ("seed", 0, ("seed", 1)),
        ("end", 0, ("outcome", 1)),
        ("v3", 0, ("forward", 3)),
        ("v3", 8, ("backward", 3)),
        ("w", 8, ("backward", 5)),
        ("b", 8, ("backward", 4)),
        ("6", 0, None),
        ("0", 0, None),
        ("forward 6", 0, None),
        ("nothing", 0, None),
    ],
)
def test_places_by_number_and_name(text: str, here: int, expected: tuple[str, int] | None) -> None:
    frames = frames_of(EXAMPLE)
    found = find(frames, text, frames[here])
    assert expected == (found and (found.kind, found.number))


def test_a_search_goes_round() -> None:
    frames = frames_of(EXAMPLE)
    first = search(frames, "V3", 0)
    assert first is not None
    places = [first.index]
    for _ in range(4):
        found = search(frames, "V3", places[-1])
        assert found is not None
        places.append(found.index)
    assert [3, 4, 8, 9, 3] == places
    assert search(frames, "nothing", 0) is None


def test_another_run_is_shown_at_the_same_step() -> None:
    short, long = (Frames(explain("y = x\nwhile y < 10:\n    y = y*2\ny", x=x)) for x in (4, 1))
    last = long.of_step(long.count("backward"))
    assert last is not None
    assert short.of_step(short.count("backward")) == same_place(last, short)
    assert short.count("backward") < long.count("backward")
    for index in range(len(short)):
        there = same_place(short[index], long)
        assert (short[index].kind, short[index].number) == (there.kind, there.number)
