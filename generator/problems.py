"""Findings about a topology, and the same with the place in the file where they stand."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Literal, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]
Severity: TypeAlias = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True):
    """Something wrong or remarkable at a path of the topology.

    Attributes:
        rule: Identifier of the rule, stable, in kebab-case.
        path: Keys and indexes from the top of the topology.
        message: What is wrong, with the value.
        mend: How to put it right; empty where the message says it.
        severity: Errors stop the run, warnings do not.
        key: The finding is about the key at the path rather than about its value.
        meant: The path that was meant, where a key was misspelt; empty where nobody knows.
    """

    rule: str
    path: Path
    message: str
    mend: str = ""
    severity: Severity = "error"
    key: bool = False
    meant: Path = ()


class Problem(msgspec.Struct, frozen=True, order=True):
    """A finding with its place.

    Attributes:
        file: As messages name it.
        line: From one.
        column: In characters, from one.
        length: Characters of the line that it is about.
        excerpt: The line; empty where it must not be shown, or where there is none.
    """

    file: str
    line: int
    column: int
    severity: Severity
    rule: str
    message: str
    mend: str = ""
    length: int = 1
    excerpt: str = ""


def holds_secret(text: str) -> bool:
    """Tell whether a text holds what must not be repeated: a private key, a password, credentials in a URL."""
    return re.search(_NOT_SHOWN, text) is not None


# Compiled where there is something wrong, and not before.
_NOT_SHOWN = r"PRIVATE KEY|https?://[^/\s@]*@|\b(?:password|secret_key|secret_access_key|token)[\"']?\s*:\s*[^\s]"


def without_follow_ups(findings: Sequence[Finding], causes: Sequence[Finding]) -> list[Finding]:
    """Return the findings that do not stand at, above or below the place of a cause, or the place that was meant.

    A wrong value was replaced by a placeholder; what rules say about that place says nothing.
    """
    places = [place for cause in causes for place in (cause.path, cause.meant) if place]

    def follows(finding: Finding) -> bool:
        return any(
            place[: len(finding.path)] == finding.path or finding.path[: len(place)] == place for place in places
        )

    return [finding for finding in findings if not follows(finding)]


def closest(word: str, candidates: Sequence[str]) -> str:
    """Return the candidate most like a word, or an empty string."""
    return next(iter(_like(word, candidates, 1)), "")


def nearest(word: str, candidates: Sequence[str], most: int = 1) -> str:
    """Return `; did you mean "x"?` for the candidates most like a word, or an empty string.

    Args:
        word: As it was written.
        candidates: Words that exist.
        most: How many of them are named.
    """
    close = [f'"{one}"' for one in _like(word, candidates, most)]
    return f"; did you mean {listing(close)}?" if close else ""


def hinted(word: str, candidates: Sequence[str], otherwise: str) -> tuple[str, str]:
    """Return the hint of `nearest`, and a remedy: what lists the candidates, unless the hint has named one.

    Args:
        word: As it was written.
        candidates: Words that exist.
        otherwise: Says which they are.
    """
    hint = nearest(word, candidates)
    return hint, "" if hint else otherwise


def _like(word: str, candidates: Sequence[str], most: int) -> list[str]:
    import difflib

    known = {candidate.lower(): candidate for candidate in candidates}
    # Letters in common say nothing where somebody means another word: smtps is no smtp.
    called = [known[name] for name in _synonyms().get(word.lower(), ()) if name in known]
    if called:
        return called[:most]
    return [known[name] for name in difflib.get_close_matches(word.lower(), list(known), n=most, cutoff=0.6)]


@cache
def _synonyms() -> Mapping[str, Sequence[str]]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = FilePath(__file__).with_name("synonyms.yaml").read_bytes()
    found: dict[str, list[str]] = yaml.load(text, Loader=loader)  # noqa: S506
    return found


def few(words: Sequence[str], most: int = 3) -> str:
    """Return the first words as `a, b, c and 5 more`."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number and its thing, in the plural where it is due; `things` is one that does not end like others."""
    return f"{number} {thing if number == 1 else things or thing + ('es' if thing.endswith('s') else 's')}"


def listing(words: Sequence[str]) -> str:
    """Return words as `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
