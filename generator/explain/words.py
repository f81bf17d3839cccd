"""Rules and keys of the topology, verdicts and warnings of a review."""

import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from generator.explain.answer import About, Answer
from generator.kinds.kind import Kind
from generator.rules import page, rules
from generator.topology import Table, Topology
from generator.verdicts import CAUTIONS, VERDICTS


def about_rule(word: str, about: About) -> Iterator[Answer]:
    """Yield what a rule means."""
    del about
    rule = rules().get(word)
    if rule is not None:
        kind = "warning" if rule.warning else "error"
        title, *text = page(rule)
        yield Answer(f"{kind}[{rule.id}]: {title.removesuffix('.')}", tuple(text))


def about_verdict(word: str, about: About) -> Iterator[Answer]:
    """Yield what `generate review` says by a word."""
    del about
    if word in VERDICTS:
        met = VERDICTS[word]
        accepted = f"accept: {{{word}: {{reason: WHY, until: DATE}}}}"
        how = f"A review fails for it with --fail-on {word}. Where it is meant, the topology accepts it: {accepted}"
        yield Answer(f"{word}: a verdict of generate review", (f"{met[0].upper()}{met[1:]}.", how))
    elif word in CAUTIONS:
        yield Answer(f"{word}: a warning of generate review", (CAUTIONS[word],))


def about_key(word: str, about: About) -> Iterator[Answer]:
    """Yield what a key of the topology means, by its name or by its path such as `dns.dmarc.policy`."""
    del about
    for path, hint in _keys(Topology, ""):
        if word in (path, path.replace(".*.", ".")) or ("." not in word and path.rpartition(".")[2] == word):
            yield Answer(f"{path}: a key of the topology", tuple(_said(hint)))


def keys() -> Iterator[str]:
    """Yield every key of the topology: its path, and alone."""
    for path, _ in _keys(Topology, ""):
        yield from dict.fromkeys((path, path.rpartition(".")[2]))


def _keys(table: type[Table], prefix: str) -> Iterator[tuple[str, Any]]:
    hints = typing.get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        path = f"{prefix}{field.name}"
        yield path, hints[field.name]
        for inner, mapped in _tables(hints[field.name]):
            yield from _keys(inner, f"{path}.*." if mapped else f"{path}.")


def _tables(hint: Any, *, mapped: bool = False) -> Iterator[tuple[type[Table], bool]]:
    if isinstance(hint, type) and issubclass(hint, Table):
        yield hint, mapped
    for part in typing.get_args(hint):
        yield from _tables(part, mapped=mapped or typing.get_origin(hint) is dict)


def _said(hint: Any) -> Iterator[str]:
    extras = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    for extra in extras:
        if isinstance(extra, msgspec.Meta):
            yield f"{extra.description}."
    for extra in extras:
        if isinstance(extra, Kind):
            yield f"Value: {extra.expected}."
    for table, _ in _tables(hint):
        names = ", ".join(field.name for field in msgspec.structs.fields(table))
        yield f"{(table.__doc__ or '').splitlines()[0]} Its keys: {names}."
