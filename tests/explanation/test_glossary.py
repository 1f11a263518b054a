"""The glossary: what must be in it, and that no entry needs a word that is not."""

from __future__ import annotations

import re

import pytest

from autograd_explain.explanation.glossary import GLOSSARY, RECIPE, Term, words_in

WANTED = (
    "upstream", "local", "contribution", "total", "leaf", "tracked", "tape", "graph", "forward pass", "backward pass",
    "chain rule", "seed", "vjp", "jvp", "kink", "broadcast", "saturation", "detach", "gradient", "tie",
)  # fmt: skip
JARGON = (
    "adjoint", "autodiff", "axis", "backprop", "backpropagation", "cotangent", "differentiable", "edge", "epoch",
    "gradient", "hyperparameter", "iteration", "jacobian", "jvp", "kernel", "leaf", "linear", "loss", "matrix",
    "node", "optimizer", "partial", "path", "primal", "reduction", "scalar", "scope", "seed", "slope", "sweep", "tape",
    "tangent", "tensor", "topological", "total", "trace", "tracked", "upstream", "vector", "vjp", "weight",
)  # fmt: skip
KNOWN = {word.lower() for term in GLOSSARY for word in (term.name, *term.also)}
LONGEST_SENTENCE = 32
OF_ITS_OWN_NAME = {("vjp", "vector"), ("vjp", "jacobian"), ("jvp", "vector"), ("jvp", "jacobian")}
"""The letters spelt out."""


@pytest.mark.parametrize("word", WANTED)
def test_the_words_of_the_tool_are_there(word: str) -> None:
    assert word in KNOWN


def test_every_word_is_told_once() -> None:
    names = [word.lower() for term in GLOSSARY for word in (term.name, *term.also)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.name)
def test_a_meaning_uses_no_jargon_without_an_entry(term: Term) -> None:
    words = {word.lower().rstrip("s") for word in re.findall(r"[A-Za-z]+", term.meaning)}
    unknown = {word for word in words & set(JARGON) if word not in KNOWN and (term.name, word) not in OF_ITS_OWN_NAME}
    assert set() == unknown


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.name)
def test_sentences_are_short(term: Term) -> None:
    assert [] == [s for s in re.split(r"[.:] ", term.meaning) if len(s.split()) > LONGEST_SENTENCE]


def test_the_recipe_names_both_passes_the_tape_and_the_chain_rule() -> None:
    told = " ".join(RECIPE)
    assert [] == [word for word in ("forward pass", "backward pass", "tape", "chain rule") if word not in told]


def test_words_of_a_text_in_its_order() -> None:
    text = "The upstream meets a tie; both paths, and the forward pass. No Forwardness."
    assert ["upstream", "tie", "path", "forward pass"] == words_in(text)
