"""From options and answers at a terminal to a whole set of answers."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from generator.errors import InputError
from generator.init.questions import topics
from generator.init.world import Answer, World
from generator.init.writer import Line, text_of, write_lines
from generator.question import Question, Topic

WIDTH = 79
"""Columns of whatever is said; one less than a terminal has, for those that wrap at the last one."""

_WAYS_OUT = {"dns.provider": "dns"}
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
        for line in _wrapped("Enter takes the answer in brackets. Ctrl-C ends, and nothing is written."):
            terminal.say(line)
    first = True
    while True:
        _Round(world, given, terminal, strict=first).run()
        lines = write_lines(world)
        refusals = check(text_of(lines))
        if not refusals:
            return text_of(lines)
        concerned = {option for one in refusals for option in _concerned(lines, one)}
        if terminal is None or not concerned:
            raise InputError("these answers make no topology that generates", _told(lines, refusals))
        for line in ["", "This is not possible:", *_told(lines, refusals).splitlines()]:
            terminal.say(line)
        given = {option: answer.text for option, answer in world.answers.items() if option not in concerned}
        first = False


class _Round:
    """One way through all questions."""

    def __init__(self, world: World, given: Mapping[str, str], terminal: Terminal | None, *, strict: bool) -> None:
        self.world = world
        self.given = given
        self.terminal = terminal
        self.strict = strict
        self.wrong: list[str] = []
        self.missing: list[str] = []
        self.broken = False

    def run(self) -> None:
        """Ask or take every answer."""
        self.world.answers = {}
        used = set()
        for topic, question in topics(self.world):
            if question is not None:
                used.add(topic.option)
                self.world.answers[topic.option] = self._answer(topic, question)
        if self.strict and not self.broken:
            for option in self.given:
                if option not in used:
                    self.wrong.append(f"--{option} means nothing with these answers: leave it out")
        if self.wrong or self.missing:
            self._stop()

    def _stop(self) -> None:
        told = [line for text in (*self.wrong, *self.missing) for line in _wrapped(text, WIDTH - 4, "  ")]
        where = "options are wrong or missing" if self.wrong else "options are missing"
        raise InputError(f"{where}, and there is no terminal to ask at", "\n  ".join(told))

    def _answer(self, topic: Topic, question: Question) -> Answer:
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
        # A file of whoever runs this is offered, never taken unseen.
        if question.default and question.default != self.world.key_file:
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
        prompt = f"{question.title} [{question.default}]: " if question.default else f"{question.title}: "
        while True:
            text = self.terminal.ask(prompt, topic.option) or question.default
            try:
                if not text:
                    raise ValueError("an answer is needed")
                return Answer(question, text, question.read(text))
            except ValueError as reason:
                for line in _wrapped(f"{reason}"):
                    self.terminal.say(line)


def _tell(terminal: Terminal, question: Question, reason: str = "") -> None:
    """Say what is asked, after an empty line."""
    for line in ("", *_introduction(question), *(_wrapped(reason) if reason else ())):
        terminal.say(line)


def _introduction(question: Question) -> Iterator[str]:
    such = f" Such as {question.example}." if question.example and not question.default else ""
    yield from _wrapped(f"{question.why}{such}")
    for word, meaning in question.choices.items():
        longest = max(map(len, question.choices))
        yield from _wrapped(f"  {word:{longest}}  {meaning}", indent=" " * (longest + 4))
    if question.words:
        yield from _wrapped(f"  {', '.join(question.words)}", indent="  ")


def _wrapped(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)


def _owner(lines: Sequence[Line], number: int) -> str:
    return lines[number - 1].option if number <= len(lines) else ""


def _concerned(lines: Sequence[Line], refusal: Refusal) -> Iterator[str]:
    """Yield the options of the answers that may be wrong."""
    owner = _owner(lines, refusal.line)
    if owner:
        yield owner
    yield from (option for words, option in _WAYS_OUT.items() if words in refusal.mend)


def _told(lines: Sequence[Line], refusals: Sequence[Refusal]) -> str:
    """Return the refusals as text, each with the option that it is about."""
    told = []
    for one in refusals:
        owner = _owner(lines, one.line)
        about = f"--{owner}: " if owner else ""
        told += _wrapped(f"{about}{one.message}{'. ' + one.mend if one.mend else ''}", WIDTH - 4, "  ")
    return "\n  ".join(told)
