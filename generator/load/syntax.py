"""What an error of the YAML parser means to somebody who writes a topology, and where the mistake is.

The parser says what it did not find, where it gave up. Most mistakes stand before that: a bracket that nothing closes,
a colon without a space.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeAlias

import yaml

from generator.load.source import LINE_BREAK, LOADER, problem_at
from generator.problems import Problem

_Meaning: TypeAlias = tuple[yaml.Mark | None, str, str]
"""A place, what is wrong there, and how to mend it."""

_LOOK = "Look at the indentation, quotes and brackets here and in the line before."


def end_of(text: str, shown: str) -> yaml.Mark:
    """Return where a text ends."""
    lines = re.split(LINE_BREAK, text)
    return yaml.Mark(shown, len(text), len(lines) - 1, len(lines[-1]), None, 0)


def syntax_problem(error: yaml.MarkedYAMLError, text: str, shown: str) -> Problem:
    """Return what an error of the parser means, at the place of the mistake where that is known."""
    place, why, mend = _Reader(error, text).meaning()
    return problem_at(place, shown, "yaml-syntax", f"this is not YAML: {why}", mend)


class _Reader:
    """An error of the parser beside the text."""

    def __init__(self, error: yaml.MarkedYAMLError, text: str) -> None:
        self.context = error.context or ""
        self.problem = error.problem or ""
        self.lines = re.split(LINE_BREAK, text)
        self.text = text
        self.at = self._inside(error.problem_mark or error.context_mark)
        self.start = self._inside(error.context_mark) or self.at

    def _inside(self, mark: yaml.Mark | None) -> yaml.Mark | None:
        """Return a mark that stands in the text: after a last line without a newline, the parser counts one more."""
        return mark if mark is None or mark.line < len(self.lines) else end_of(self.text, mark.name)

    def meaning(self) -> _Meaning:
        """Return what is wrong, where, and how to mend it."""
        words = " ".join(part for part in (self.context, self.problem) if part)
        if self.at is None or self.start is None:
            return self.at, words or "it cannot be parsed", _LOOK
        looks = (self._quotes, self._tabs, self._brackets, self._colons, self._layout, self._signs)
        found = next((found for look in looks if (found := look(self.at, self.start))), None)
        return found or (self.at, words or "it cannot be parsed", self._tabs_near(self.at) or _LOOK)

    def _quotes(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        if "escape character" in self.problem or "hexdecimal" in self.problem:
            return (
                at,
                "a backslash in double quotes starts what has a meaning, and this has none",
                ("Write it twice, or take single quotes."),
            )
        why = "the quotation mark here is never closed"
        for opened, closed in self._running_on(at):
            # Every mark behind it opens what it should close: where the parser gave up is not the mistake.
            far = f"{why}; the value goes on to the next one, in line {closed.line + 1}"
            place = yaml.Mark(at.name, opened.index, opened.line, opened.column, None, 0)
            return place, far, "Close it where the value ends, or remove it."
        quote = self.lines[start.line][start.column : start.column + 1]
        key = self.problem == "could not find expected ':'" and quote in ("'", '"')
        return (start, why, "Close it, or remove it.") if key or "quoted scalar" in self.context else None

    def _running_on(self, at: yaml.Mark) -> Iterator[tuple[yaml.Mark, yaml.Mark]]:
        """Yield beginning and end of values in quotes that end in another line, before what no value is followed by.

        Behind the first mistake everything may be read amiss.
        """
        with suppress(yaml.YAMLError):
            for token in yaml.scan(self.text, Loader=LOADER):
                if not isinstance(token, yaml.ScalarToken) or not token.style or token.style not in "'\"":
                    continue
                begin, end = token.start_mark, token.end_mark
                if begin.line < end.line < len(self.lines) and begin.line <= at.line:
                    behind = self.lines[end.line][end.column :]
                    if not re.match(r"\s*([]},:]|$)|\s+#", behind):
                        yield begin, end

    def _tabs(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        del start
        before = self.lines[at.line][: at.column + 1]
        if before.strip() == "" and "\t" in before:
            return at, "a tab indents this line", "Use spaces."
        return None

    def _tabs_near(self, at: yaml.Mark) -> str:
        near = self.lines[max(0, at.line - 1) : at.line + 1]
        return "YAML does not indent with tabs; use spaces." if any("\t" in line for line in near) else ""

    def _brackets(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        match = re.fullmatch(r"did not find expected ',' or '([]}])'", self.problem)
        if match is None:
            return None
        closing = match[1]
        if at.line == start.line:
            return (
                at,
                f"a comma or {closing} is missing before this",
                f"The bracket opens in column {start.column + 1}.",
            )
        opening = "[" if closing == "]" else "{"
        rest = f"line {at.line + 1}" if any(line.strip() for line in self.lines[at.line :]) else "the rest of the file"
        why = f"the {opening} here is not closed, so {rest} counts to it"
        return start, why, f"Close it with {closing}, or look for a missing comma."

    def _colons(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        if self.problem == "could not find expected ':'":
            return self._without_colon(start)
        if self.problem != "mapping values are not allowed in this context":
            return None
        here, above = self.lines[at.line], self._above(at.line)
        if re.search(r":\s", here[: at.column]):
            return at, "a colon with a space behind it stands in a value", "Put the value in quotes."
        if above is None:
            return None
        if not re.search(r":|^\s*-\s", self.lines[above]):
            return self._without_colon(self._mark(above, at))
        why = f"this line is indented below line {above + 1}, which has a value already"
        return self._mark(at.line, at), why, "Indent it as that line is, or remove the value there."

    def _without_colon(self, place: yaml.Mark) -> _Meaning:
        line = self.lines[place.line].strip()
        if match := re.match(r"-?\s*([\w.-]+):\S", line):
            return place, "a space is missing behind the colon", f"Write: {match[1]}: ..."
        if re.match(r"-[^\s-]", line):
            return place, "a space is missing behind the hyphen", "Write: - ..."
        return place, "this line has no colon", "Write it as KEY: VALUE."

    def _layout(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        first = self.lines[at.line][: at.column].strip() == ""
        if self.problem == "did not find expected key":
            if first:
                return at, "this line is indented unlike those beside it", "Indent it as the keys beside it are."
            return at, "the value has ended before this", "Remove it, or put the whole value in quotes."
        if self.problem == "did not find expected '-' indicator" and first:
            why = f"the list that starts in line {start.line + 1} goes on without a hyphen"
            return at, why, "Start the line with a hyphen, or indent it as the key that it is."
        if self.problem == "did not find expected <document start>":
            return at, "this line is indented less than the first one", "Start all keys of the top in the same column."
        if self.problem.startswith("block sequence entries are not allowed"):
            return at, "a list with hyphens starts in the line below its key", "Write it there, or in brackets: [a, b]."
        if self.problem == "but found another document":
            return at, "a second document starts here", "A topology is one document: remove this line."
        return None

    def _signs(self, at: yaml.Mark, start: yaml.Mark) -> _Meaning | None:
        sign = self.lines[start.line][start.column : start.column + 1]
        if "alias" in self.context or self.problem == "found undefined alias":
            why = "a value that starts with * repeats what has that name, and nothing has"
            return start, why, "Put it in quotes."
        if self.context == "while scanning an anchor":
            return start, "a value that starts with & gives a name, and this is none", "Put it in quotes."
        if self.context.startswith("found duplicate anchor"):
            return at, f"the name behind & is given twice, first in line {start.line + 1}", "Take another one."
        if "cannot start any token" in self.problem or self.problem == "did not find expected node content":
            sign = self.lines[at.line][at.column : at.column + 1]
            return (at, f"a value cannot start with {sign}", "Put it in quotes.") if sign.strip() else None
        return None

    def _above(self, line: int) -> int | None:
        """Return the nearest line above that is neither empty nor a comment."""
        numbers = range(line - 1, -1, -1)
        return next((n for n in numbers if self.lines[n].strip() and not self.lines[n].lstrip().startswith("#")), None)

    def _mark(self, line: int, like: yaml.Mark) -> yaml.Mark:
        """Return where the words of a line begin."""
        text = self.lines[line]
        return yaml.Mark(like.name, like.index, line, len(text) - len(text.lstrip()), None, 0)
