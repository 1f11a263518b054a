"""The words of the subject, each in a few short sentences, and autograd told as a recipe.

A definition uses plain words and words that have an entry of their own. Must not know how it is shown.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Term(NamedTuple):
    """A word and what it means; `also` are other names for the same thing."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()


RECIPE = (
    ("Autograd is like a recipe that is written down while you cook. You chop, mix and bake (the forward pass), and"
     " after every move you note what you did and with which amounts (the tape). At the end the soup is too salty. So"
     " you read your notes backwards, from the finished dish to the first spoon of salt (the backward pass), and at"
     " each line you ask: a little more of this, and how much saltier would the next thing have become? Multiply the"
     " answers along the way, and add up over all the ways: now you know how much every ingredient counts. No step had"
     " to know the whole recipe, only its own line."),
    ("It never guesses formulas, and it tries nothing out twice: it knows the slope of each small move, and the chain"
     " rule puts them together."),
)  # fmt: skip
"""Autograd in two paragraphs."""

GLOSSARY = (
    Term("value", "A number, or an array of numbers, that the program was given or has worked out."),
    Term("array", "Numbers in a row, a table, or more axes. Its shape says how many: (2,3) is 2 rows of 3."),
    Term("result", "The last value: the one whose gradient is asked for."),
    Term("slope", "How much something changes for each little bit that another thing changes. 3 means: three times"
         " as much, in the same direction. -3: in the other direction.", ("rate",)),
    Term("derivative", "The slope of a function at one place."),
    Term("gradient", "The slope of the result by one value. For an array: one slope for each entry, in the same shape."
         " It says which way, and how strongly, the result moves when the value is raised a little."),
    Term("operation", "One small move: a sum, a product, a sine. Its slope is known in advance."),
    Term("function", "What turns a value into another one, always in the same way."),
    Term("input", "A value given from outside, under a name."),
    Term("constant", "A number that stands in the program itself. Nobody asks for its gradient."),
    Term("leaf", "A value that no operation has made: an input or a constant. The backward pass ends there."),
    Term("tracked", "Takes part: its gradient is wanted, or is needed on the way to one that is. PyTorch calls it"
         " requires_grad."),
    Term("tape", "The list of all values in the order they were made, each with its operation and where it came"
         " from. Read backwards it is the order of the backward pass."),
    Term("graph", "The same as a drawing: values as dots, and an arrow from each value to everything made from it."
         " Nothing leads back to where it came from."),
    Term("path", "A way along the arrows of the graph, from a value to the result."),
    Term("forward pass", "Working out the values, from the inputs to the result, and writing them on the tape. No"
         " gradient is worked out yet."),
    Term("backward pass", "Walking the tape from the result back to the inputs. Each operation hands its upstream on"
         " to what it was made from.", ("backpropagation", "reverse mode")),
    Term("forward mode", "The other way round: slopes by one input are carried along with the forward pass. Once for"
         " each input, where the backward pass does all inputs at once."),
    Term("seed", "The gradient that the backward pass starts with. It is 1: the result changes by exactly its own"
         " change."),
    Term("upstream", "The gradient that arrives at a value: how much the result changes when this value does.",
         ("adjoint",)),
    Term("local", "The slope of one operation by one of the values it takes, with all else held still.",
         ("local derivative",)),
    Term("contribution", "Upstream times local: what one use of a value passes back to it."),
    Term("total", "All contributions of a value added up. When the last one is in, it is the gradient."),
    Term("accumulation", "Adding contributions up. A value used twice has two paths to the result, and both count:"
         " that is why engines write += and not =."),
    Term("chain rule", "Slopes along a path multiply. If b moves 2 times as fast as a, and c moves 3 times as fast as"
         " b, then c moves 6 times as fast as a."),
    Term("fan-out", "One value used in several places."),
    Term("vjp", "The rule by which an operation on arrays makes a contribution from its upstream, without writing"
         " down the slope of every entry by every entry. The letters stand for vector-Jacobian product."),
    Term("jvp", "The same for forward mode: how fast the output moves when the arguments move. The letters stand for"
         " Jacobian-vector product."),
    Term("Jacobian", "The table of all slopes of an operation on arrays: each entry of what comes out by each entry of"
         " what goes in. It is almost never written down, because it is huge."),
    Term("output", "What an operation makes."),
    Term("argument", "One of the values an operation takes."),
    Term("kink", "A corner in a function: the slope on the left is not the slope on the right, as for abs and relu at"
         " 0. The derivative there is a choice."),
    Term("tie", "Two equal values compete in max, min and the like. Who gets the gradient is a choice."),
    Term("broadcast", "To stretch a small array over a large one, as in a table plus a row. The row is used once for"
         " each line of the table, so in the backward pass its contributions are added up.", ("stretch",)),
    Term("reduction", "An operation that makes few numbers out of many: a sum, a mean, a maximum."),
    Term("saturation", "Where a curve has become almost flat, as sigmoid and tanh far from 0. The local is near 0, so"
         " almost nothing is passed back."),
    Term("dead unit", "A relu whose input is below 0: its slope is exactly 0, and nothing before it gets a gradient"
         " from it."),
    Term("vanishing", "Many locals below 1 multiply to almost 0 on a long path. When they are above 1 the gradient"
         " grows without end: it explodes.", ("exploding",)),
    Term("detach", "To cut the graph on purpose: the value goes on, its gradient does not."),
    Term("loss", "A result that says how wrong a guess is. Training makes it smaller."),
    Term("training", "Small steps, each against the gradient, until the loss is small."),
    Term("weight", "An input that training changes.", ("parameter",)),
    Term("activation", "A function that bends, put between products: relu, sigmoid, tanh. Without it, many layers"
         " would be no more than one."),
    Term("layer", "A product with weights, a sum, and often an activation."),
    Term("difference check", "Raise a value a little, run the program again, and see how much the result changes. It"
         " should be the gradient, to some digits.", ("finite differences",)),
)  # fmt: skip
"""Every word, in an order in which each can be understood from those before it, as far as that goes."""


def words_in(text: str) -> list[str]:
    """The entries whose words stand in a text, in the order in which they stand there; a plural counts too."""
    found = ((_place(text, term), term.name) for term in GLOSSARY)
    return [name for place, name in sorted(found) if place >= 0]


def _place(text: str, term: Term) -> int:
    places = (re.search(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE) for word in (term.name, *term.also))
    return min((place.start() for place in places if place), default=-1)
