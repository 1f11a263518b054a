"""An answer judged: right or not, and if not, which misconception leads to it. And how far a learner has come.

Whether two formulas are the same is decided at points; a prover handed in from outside may know it for certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograd_explain.core.var import Var
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.quiz import TRIES, Question
from autograd_explain.explanation.quiz_answers import matches, read_answer
from autograd_explain.explanation.quiz_faults import Wrong
from autograd_explain.explanation.quiz_formulas import Points, same_text
from autograd_explain.modes.records import Recording

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

Prover = Callable[[Recording, Recording], bool]
"""Whether two recorded formulas are certainly the same; False where that is not known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer judged.

    `problem` says why it could not be read ("" where it could), `misconceptions` names every fault that leads to
    it, `proof` how a formula was found to be right: "points", or "symbolic" where it is certain.
    """

    given: str
    correct: bool
    problem: str = ""
    misconceptions: tuple[str, ...] = ()
    proof: str | None = None


class Grader:
    """Judges answers to questions about one run."""

    def __init__(self, run: Explanation, prover: Prover | None = None) -> None:
        self._run = run
        self._prover = prover
        self._wrong = Wrong(run)
        self._points: dict[int, Points] = {}

    def judge(self, question: Question, text: str) -> Verdict:
        """The verdict on an answer as it was typed. Never fails: text that is no answer is a wrong one."""
        try:
            answer = read_answer(question, text)
            if question.form == "formula":
                return self._formula(question, text)
            if question.form == "name" and answer not in self._run.words.labels:
                return Verdict(text, correct=False, problem=f"there is no value called {answer}")
        except ExplainError as error:
            return Verdict(text, correct=False, problem=_told(error))
        except (RecursionError, MemoryError, ArithmeticError, ValueError, TypeError, IndexError):
            return Verdict(text, correct=False, problem="this cannot be worked out")
        if matches(question, answer, question.expected):
            return Verdict(text, correct=True)
        return Verdict(text, correct=False, misconceptions=self._recognised(question, answer))

    def _recognised(self, question: Question, answer: Any) -> tuple[str, ...]:
        """The faults that lead to this answer, except where they lead to the right one too."""
        others = (
            name for name, other in self._wrong.answers(question)
            if matches(question, answer, other) and not matches(question, question.expected, other)
        )  # fmt: skip
        return tuple(dict.fromkeys(others))

    def points(self, question: Question) -> Points:
        """Where formulas that answer this question are compared."""
        if question.number not in self._points:
            node: Var = self._run.tape.nodes[question.node]
            self._points[question.number] = Points(self._run, node, self._run.sweep.gradients[node.index])
        return self._points[question.number]

    def _formula(self, question: Question, text: str) -> Verdict:
        points = self.points(question)
        equality = points.compare(text, question.expected)
        if equality != "different":
            certain = self._is_proved(points, text, question.expected)
            if certain or equality == "equal":
                return Verdict(text, correct=True, proof="symbolic" if certain else "points")
        found = tuple(dict.fromkeys(self._named(points, question, text)))
        return Verdict(text, correct=False, problem="" if found else points.trouble(text), misconceptions=found)

    def _is_proved(self, points: Points, text: str, expected: str) -> bool:
        if same_text(text, expected):
            return True
        return self._prover is not None and self._prover(points.recorded(text), points.recorded(expected))

    def _named(self, points: Points, question: Question, text: str) -> Sequence[str]:
        found = []
        for name, other in self._wrong.answers(question):
            try:
                is_it = same_text(text, other) or points.compare(text, other) == "equal"
                if is_it and points.compare(other, question.expected) != "equal":
                    found.append(name)
            except ExplainError:  # the text of a broken rule may be none of the language
                continue
        return found


def _told(error: ExplainError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


@dataclass(slots=True)
class Course:
    """A learner on the way through the questions: the verdicts on every answer so far.

    `here` is the place of the current question, past the end when it is over. A question is finished by a right
    answer, the last try, or by being passed over.
    """

    questions: Sequence[Question]
    grader: Grader
    tries: int = TRIES
    here: int = 0
    verdicts: list[list[Verdict]] = field(default_factory=list)
    passed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with no answers."""
        self.verdicts = [[] for _ in self.questions]

    @property
    def is_over(self) -> bool:
        """Whether every question has been dealt with."""
        return self.here >= len(self.questions)

    @property
    def question(self) -> Question:
        """The current question."""
        return self.questions[self.here]

    @property
    def is_finished(self) -> bool:
        """Whether the current question takes no more answers."""
        given = self.verdicts[self.here]
        return self.here in self.passed or len(given) >= self.tries or (bool(given) and given[-1].correct)

    def answer(self, text: str) -> Verdict:
        """The verdict on one more answer to the current question."""
        verdict = self.grader.judge(self.question, text)
        self.verdicts[self.here].append(verdict)
        return verdict

    def pass_over(self) -> None:
        """Take no more answers to the current question."""
        self.passed.add(self.here)

    def go_on(self) -> None:
        """Turn to the next question."""
        self.here += 1

    def is_right(self, place: int) -> bool:
        """Whether the question at that place was answered rightly at last."""
        return any(verdict.correct for verdict in self.verdicts[place])

    @property
    def score(self) -> Score:
        """How it stands."""
        right = [place for place in range(len(self.questions)) if self.is_right(place)]
        first = sum(1 for place in right if len(self.verdicts[place]) == 1)
        return Score(len(right), first, sum(1 for given in self.verdicts if not given), len(self.questions))


@dataclass(frozen=True, slots=True)
class Score:
    """How many were right in the end, right at the first try, never answered, and asked."""

    right: int
    first_try: int
    unanswered: int
    asked: int


def graded(run: Explanation, questions: Sequence[Question], lines: Sequence[str], prover: Prover | None) -> Course:
    """A course with one answer to each question, in order; a blank or missing one leaves its question unanswered."""
    course = Course(questions, Grader(run, prover), tries=1)
    for place in range(len(questions)):
        text = lines[place] if place < len(lines) else ""
        if text.strip():
            course.answer(text)
        else:
            course.pass_over()
        course.go_on()
    return course
