"""From options and answers at a terminal to a whole set of answers."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

import msgspec

from generator.errors import InputError
from generator.init.questions import topics
from generator.init.world import Answer, World
from generator.init.writer import Line, text_of, write_lines
from generator.question import Question, Topic

WIDTH = 79
"""Columns of whatever is said; one less than a terminal has, for those that wrap at the last one."""

_HOW_TO_ANSWER = (
    "Enter takes the answer in brackets, and < goes back to the question before. Ctrl-C ends, and nothing is written."
)
_MOST_TOLD = 10
_BACK, _BACK_IN_WORDS = "<", "back"

_WAYS_OUT = {"dns.provider": ("dns",), "Spread the users": ("users", "quota")}
"""Options that a remedy may name although the fault stands elsewhere, by its words."""


class Refusal(msgspec.Struct, frozen=True):
    """What is wrong with a topology: the line, counted from one, and what is said about it."""

    line: int
    message: str
    mend: str


Check = Callable[[str], Sequence[Refusal]]
"""Says what is wrong with the text of a topology."""


class Terminal(Protocol):
    """Where questions are asked."""

    def say(self, line: str) -> None:
        """Print a line."""

    def ask(self, prompt: str, option: str) -> str:
        """Print a prompt and return the answer, without the blanks around it."""


def find_answers(world: World, given: Mapping[str, str], terminal: Terminal | None, check: Check) -> str:
    """Fill the world with answers, and return the topology that they make.

    Args:
        world: What can be asked; its answers are replaced.
        given: Answers by option.
        terminal: Where the rest is asked; None where nobody is there.
        check: Every rule about a topology. What it refuses is asked again.

    Returns:
        The text of the topology.

    Raises:
        InputError: Answers are missing or wrong, and there is nobody to ask.
    """
    if terminal is not None:
        for line in wrapped(_HOW_TO_ANSWER):
            terminal.say(line)
    offered: dict[str, str] = {}
    first = True
    while True:
        asked = _Round(world, given, terminal, offered, strict=first).run()
        lines = write_lines(world)
        refusals = check(text_of(lines))
        if not refusals:
            return text_of(lines)
        concerned = _concerned(lines, refusals)
        if terminal is None or not (first or asked):
            told = _told(refusals, [f"--{option}" for option in _owners(lines, refusals)])
            raise InputError("these answers make no topology that generates", "\n  ".join(told))
        titles = [world.answers[option].question.title for option in _owners(lines, refusals)]
        for line in ("", "These answers do not do:", *(f"  {text}" for text in _told(refusals, titles))):
            terminal.say(line)
        # What another answer can put right is offered again.
        before = {option: answer.text for option, answer in world.answers.items()}
        offered = before if concerned.difference(_owners(lines, refusals)) else {}
        given = {option: text for option, text in before.items() if option not in concerned}
        first = False


class _BackError(Exception):
    """Somebody wants the question before once more."""


class _Round:
    """One way through all questions, and back."""

    def __init__(
        self,
        world: World,
        given: Mapping[str, str],
        terminal: Terminal | None,
        offered: Mapping[str, str],
        *,
        strict: bool,
    ) -> None:
        self.world = world
        self.given = given
        self.terminal = terminal
        self.offered = dict(offered)
        self.typed: dict[str, str] = {}
        self.strict = strict
        self.wrong: list[str] = []
        self.missing: list[str] = []
        self.broken = False
        self.asked = 0

    def run(self) -> int:
        """Ask or take every answer; return how many were asked for."""
        used = None
        while used is None:
            used = self._through()
        if self.strict and not self.broken:
            self._needless([option for option in self.given if option not in used])
        if self.wrong or self.missing:
            self._stop()
        return self.asked

    def _through(self) -> set[str] | None:
        """Go through the questions, and return the options that mean something; None where an answer is taken back."""
        self.world.answers = {}
        used = set()
        try:
            for topic, question in topics(self.world):
                if question is not None:
                    used.add(topic.option)
                    self.world.answers[topic.option] = self._answer(topic, question)
        except _BackError:
            option, text = self.typed.popitem()
            self.offered[option] = text
            return None
        return used

    def _needless(self, options: Sequence[str]) -> None:
        for option in options:
            message = f"--{option} means nothing with these answers"
            if self.terminal is None:
                self.wrong.append(f"{message}: leave it out")
            else:
                self.terminal.say(f"{message}, and is left out.")

    def _stop(self) -> None:
        told = [line for text in (*self.wrong, *self.missing) for line in wrapped(text, WIDTH - 4, "  ")]
        where = "options are wrong or missing" if self.wrong else "options are missing"
        raise InputError(f"{where}, and there is no terminal to ask at", "\n  ".join(told))

    def _answer(self, topic: Topic, question: Question) -> Answer:
        typed = self.typed.get(topic.option)
        if typed is not None:
            return Answer(question, typed, question.read(typed))
        text = self.given.get(topic.option)
        if self.broken and topic.depends:
            text = None
        if text is not None:
            try:
                return Answer(question, text, question.read(text))
            except ValueError as reason:
                if self.terminal is None:
                    self.wrong.append(f"--{topic.option}: {reason}")
                    return self._stand_in(topic, question)
                _tell(self.terminal, question, str(reason))
                return self._asked(topic, question)
        if self.terminal is not None and not question.silent:
            _tell(self.terminal, question)
            return self._asked(topic, question)
        if question.default:
            return Answer(question, question.default, question.read(question.default))
        if not (self.broken and topic.depends):
            self.missing.append(
                f"--{topic.option} {topic.metavar} is missing: {topic.help}, such as {question.example}"
            )
        return Answer(question, "", (question.example,))

    def _stand_in(self, topic: Topic, question: Question) -> Answer:
        """Stand in for a wrong answer, so that the others are still looked at."""
        self.broken = self.broken or topic.pivotal
        text = question.default or question.example
        return Answer(question, text, question.read(text) if question.default else (text,))

    def _asked(self, topic: Topic, question: Question) -> Answer:
        if self.terminal is None:
            raise AssertionError("nobody to ask")
        self.asked += 1
        offered = self.offered.get(topic.option, "")
        default = offered if _reads(question, offered) else question.default
        prompt = f"{question.title} [{default}]: " if default else f"{question.title}: "
        while True:
            text = self.terminal.ask(prompt, topic.option) or default
            if text == _BACK or (text.lower() == _BACK_IN_WORDS and not _reads(question, text)):
                if self.typed:
                    raise _BackError
                self.terminal.say("There is no question before this one.")
                continue
            try:
                if not text:
                    raise ValueError("an answer is needed")
                answer = Answer(question, text, question.read(text))
            except ValueError as reason:
                for line in wrapped(str(reason)):
                    self.terminal.say(line)
            else:
                self.typed[topic.option] = text
                return answer


def _reads(question: Question, text: str) -> bool:
    try:
        return bool(text and question.read(text))
    except ValueError:
        return False


def _tell(terminal: Terminal, question: Question, reason: str = "") -> None:
    """Say what is asked, after an empty line."""
    for line in ("", *_introduction(question), *(wrapped(reason) if reason else ())):
        terminal.say(line)


def _introduction(question: Question) -> Iterator[str]:
    such = f" Such as {question.example}." if question.example and not question.default else ""
    yield from wrapped(f"{question.why}{such}")
    for word, meaning in question.choices.items():
        longest = max(map(len, question.choices))
        yield from wrapped(f"  {word:{longest}}  {meaning}", indent=" " * (longest + 4))
    if question.words:
        yield from wrapped(f"  {', '.join(question.words)}", indent="  ")


def wrapped(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    """Return a text in lines; those after the first are indented."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)


def _owners(lines: Sequence[Line], refusals: Sequence[Refusal]) -> list[str]:
    """Return for every refusal the option whose answer stands in that line: about the whole, the scenario."""
    return [lines[one.line - 1].option or "scenario" for one in refusals]


def _concerned(lines: Sequence[Line], refusals: Sequence[Refusal]) -> set[str]:
    """Return the options of the answers that may be wrong."""
    ways_out = {
        option for words, options in _WAYS_OUT.items() for one in refusals if words in one.mend for option in options
    }
    return {*_owners(lines, refusals), *ways_out}


def _told(refusals: Sequence[Refusal], owners: Sequence[str]) -> list[str]:
    """Return the refusals in lines, each with what it is about."""
    told = []
    for one, owner in islice(zip(refusals, owners, strict=True), _MOST_TOLD):
        told += wrapped(f"{owner}: {one.message}{'. ' + one.mend if one.mend else ''}", WIDTH - 4, "  ")
    more = len(refusals) - _MOST_TOLD
    return [*told, *([f"and {more:,} more"] if more > 0 else [])]
