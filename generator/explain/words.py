"""Rules and keys of the topology, verdicts and warnings of a review."""

import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import yaml

from generator.explain.answer import About, Answer, Section, section
from generator.kinds.kind import Kind
from generator.load.source import Removed, problem_at
from generator.problems import counted
from generator.rules import page, rules
from generator.schema.choices import words as known_words
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
    for key in _keys(Topology, ""):
        path = key.path
        if word in (path, path.replace(".*.", ".")) or ("." not in word and path.rpartition(".")[2] == word):
            yield Answer(f"{path}: a key of the topology", tuple(_said(key, about)), _written(key, about))


def keys() -> Iterator[str]:
    """Yield every key of the topology: its path, and alone."""
    for key in _keys(Topology, ""):
        yield from dict.fromkeys((key.path, key.path.rpartition(".")[2]))


class _Key(msgspec.Struct, frozen=True):
    """A key of the topology.

    Attributes:
        path: From the top of the file; `*` stands for any name.
        hint: What may stand there, with its annotations.
        default: What holds where it is not written, if that is one value.
        short: A value in place of the mapping that holds the key is the key's.
    """

    path: str
    hint: Any
    default: Any
    short: bool


def _keys(table: type[Table], prefix: str) -> Iterator[_Key]:
    hints = typing.get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        path = f"{prefix}{field.name}"
        default = field.default if isinstance(field.default, bool | int | str) else ""
        yield _Key(path, hints[field.name], default, field.name == table.SHORT)
        for inner, mapped in _tables(hints[field.name]):
            yield from _keys(inner, f"{path}.*." if mapped else f"{path}.")


def _tables(hint: Any, *, mapped: bool = False) -> Iterator[tuple[type[Table], bool]]:
    if isinstance(hint, type) and issubclass(hint, Table):
        yield hint, mapped
    for part in typing.get_args(hint):
        yield from _tables(part, mapped=mapped or typing.get_origin(hint) is dict)


def _said(key: _Key, about: About) -> Iterator[str]:
    hint = key.hint
    extras = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    for extra in extras:
        if isinstance(extra, msgspec.Meta):
            yield f"{extra.description}."
    where, choices = _choices(key.path, about)
    for extra in extras if not choices else ():
        if isinstance(extra, Kind):
            yield f"Value: {extra.expected}."
    if choices:
        yield f"Value{where}: {_one_of(choices)}."
    if key.default != "":
        default = str(key.default).lower() if isinstance(key.default, bool) else key.default
        yield f"Default: {default}."
    for table, _ in _tables(hint):
        names = ", ".join(field.name for field in msgspec.structs.fields(table))
        yield f"{(table.__doc__ or '').splitlines()[0]} Its keys: {names}."


def _choices(path: str, about: About) -> tuple[str, list[str]]:
    """Return the words that may stand at a key, and what they depend on."""
    facts, context = about.facts, about.context
    of_release: dict[str, Iterable[str]] = {
        "os": facts.operating_systems,
        "nodes.*.os": facts.operating_systems,
        "nodes.*.roles": facts.roles,
        "scenario": facts.scenarios,
    }
    if path in of_release:
        return f" in {about.label}", list(of_release[path])
    if context is not None:
        cloud = context.capabilities
        zones = context.cloud.regions.get(context.topology.cloud.region, ())
        of_cloud: dict[str, Iterable[str]] = {
            "exposure": cloud.exposures,
            "cloud.region": context.cloud.regions,
        }
        if path in ("cloud.zones", "nodes.*.zone"):
            return f" in {context.topology.cloud.region}", list(zones)
        if path in of_cloud:
            return f" on {cloud.title}", list(of_cloud[path])
    return "", list(known_words().get(tuple(path.split(".")), ()))


def _one_of(words: Sequence[str]) -> str:
    return " or ".join(words) if len(words) <= _FEW else f"one of {', '.join(words)}"


_FEW = 4
_MOST_PLACES = 8


def _written(key: _Key, about: About) -> tuple[Section, ...]:
    """Return the lines of the topology in which a key stands."""
    source = about.source
    if source is None:
        return ()
    lines = []
    for node in _nodes(source.root, key.path.split("."), short=key.short):
        found = source.shown(problem_at(node, source.file, "", "", ""))
        lines.append(f"{found.file}:{found.line}: {found.excerpt.strip()}")
    lines = list(dict.fromkeys(lines))
    more = [f"and {counted(len(lines) - _MOST_PLACES, 'more place')}"] if len(lines) > _MOST_PLACES else []
    return section("In this topology", [*lines[:_MOST_PLACES], *more])


def _nodes(node: yaml.Node | None, steps: Sequence[str], *, short: bool) -> Iterator[yaml.Node]:
    """Yield the keys at a path, or those whose value is the short form for it."""
    if not isinstance(node, yaml.MappingNode):
        return
    first, *rest = steps
    for key, value in node.value:
        if first not in ("*", key.value) or isinstance(value, Removed):
            continue
        if not rest or (short and len(rest) == 1 and not isinstance(value, yaml.MappingNode)):
            # What is laid over a value leaves the key where it stood.
            yield key if key.start_mark.name == value.start_mark.name else value
        else:
            yield from _nodes(value, rest, short=short)
