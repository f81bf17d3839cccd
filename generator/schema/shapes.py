"""The structs of the topology, with their kinds, as JSON Schema.

Where a value has several forms, one schema has them all side by side (`type` is a list): what holds for lists says
nothing about texts. With alternatives instead, editors would report the wrong one's problems.
"""

import json
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from generator.kinds import WORD
from generator.kinds.kind import Kind
from generator.topology import Table

Schema = dict[str, Any]
Path = tuple[str, ...]
Words = Mapping[Path, Mapping[str, str]]
"""The words that may stand at a path, each with what it means; names of maps are `*`."""

_TYPES = ["array", "boolean", "number", "object", "string"]
NOTHING: Schema = {"not": {"type": _TYPES}}
"""No value, as in `services:` with nothing behind. As type `null`, editors would propose the word."""

_NUMBERS = ("012", "0o17", "0x1f", "1e3", ".5", "1.", "1.e3")
"""Texts to the loader, numbers to YAML 1.2, and so to editors."""


def table(kind: type[Table], path: Path, words: Words) -> Schema:
    """Return the schema of a struct.

    Args:
        kind: The struct.
        path: Where it stands in the topology.
        words: See `Words`.

    Returns:
        The schema; `$comment` names the key that the short form stands for.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    properties = {field.name: _field(field, hints[field.name], (*path, field.name), words) for field in fields}
    found: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
    }
    if short := _short(kind, hints, path, words):
        # A table's problems with its keys would be replaced by that text.
        found = {**{key: value for key, value in short.items() if key != "errorMessage"}, **found}
        found["type"] = ["object", *_types(short)]
        found["$comment"] = kind.SHORT
    return found if found["required"] else {key: value for key, value in found.items() if key != "required"}


def scalar(kind: Kind) -> Schema:
    """Return the schema of a scalar as editors read it."""
    found = dict(kind.schema)
    if found.get("type") == "string" and any(re.search(found.get("pattern", ""), text) for text in _NUMBERS):
        found["type"] = ["string", "number"]
    return found


def one(words: Mapping[str, str]) -> Schema:
    """Return the schema of one of several words, by what they mean."""
    found: Schema = {"enum": list(words)}
    if any(words.values()):
        found["enumDescriptions"] = list(words.values())
    return found


def many(item: Schema) -> Schema:
    """Return the schema of a list, or of one value without brackets."""
    return {"type": ["array", *_types(item)], **listed(item)}


def listed(item: Schema) -> Schema:
    """Return what holds for a list, and for one value without brackets; for other forms it says nothing."""
    bare = {key: value for key, value in item.items() if key in ("pattern", "patternErrorMessage")}
    if "enum" in item:
        # JavaScript refuses what re.escape does with hyphens.
        bare["pattern"] = f"^(?:{'|'.join(word.replace('.', '[.]') for word in item['enum'])})$"
        bare["patternErrorMessage"] = f"must be one of {', '.join(item['enum'])}"
    return {"items": item, **bare}


def optional(found: Schema) -> Schema:
    """Return the schema of a value that may be left empty."""
    own = ("type", "enum", "enumDescriptions", "errorMessage")
    first = {key: found[key] for key in own if key in found}
    # With anyOf, an editor's hover shows the texts of the alternatives instead of these.
    return {**{key: value for key, value in found.items() if key not in own}, "oneOf": [first, NOTHING]}


def _short(kind: type[Table], hints: Mapping[str, Any], path: Path, words: Words) -> Schema | None:
    """Return the schema of the short form: of the field that it stands for, unless that takes a mapping."""
    if not kind.SHORT:
        return None
    found = _value(hints[kind.SHORT], (*path, kind.SHORT), words)
    if "object" in _types(found):
        return None
    # Beside a mapping's schema there is no place for an enumeration.
    return {key: value for key, value in listed(found).items() if key != "items"} if "enum" in found else found


def _field(field: msgspec.structs.FieldInfo, hint: Any, path: Path, words: Words) -> Schema:
    value = _value(hint, path, words)
    meta = next((extra for extra in _extras(hint) if isinstance(extra, msgspec.Meta)), msgspec.Meta())
    inner = _table_in(hint)
    description = meta.description or (inner.__doc__ or "" if inner is not None else "").partition("\n")[0]
    about: Schema = {"title": _title(path), "description": description}
    default = _default(field)
    expected = value.get("errorMessage", "")
    lines = [description, f"M{expected[1:]}" if expected else ""]
    if default is not None:
        about["default"] = default
        lines.append(f"Default: {json.dumps(default)}")
    about["markdownDescription"] = "\n\n".join(f"{line.rstrip('.')}." for line in lines if line)
    if meta.examples:
        about["examples"] = list(meta.examples)
    return {**about, **(value if field.required else optional(value))}


def _value(hint: Any, path: Path, words: Words, kind: Kind | None = None) -> Schema:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        own = next((extra for extra in arguments[1:] if isinstance(extra, Kind)), kind)
        return _value(arguments[0], path, words, own)
    if origin is types.UnionType and type(None) in arguments:
        return _value(next(argument for argument in arguments if argument is not type(None)), path, words, kind)
    if origin is tuple:
        found = many(_value(arguments[0], path, words, kind))
        return (
            found | _said(f"{_expected(found['items'])}, or a list of such") if "enum" not in found["items"] else found
        )
    if origin is dict:
        return _map(arguments, path, words, kind)
    if isinstance(hint, type) and issubclass(hint, Table):
        return table(hint, path, words)
    if path in words:
        return one(words[path])
    if kind is None:
        raise AssertionError(f"no kind at {path}")
    # What is looked up is known at its place, or not at all.
    return scalar(kind) if kind is WORD or "enum" in kind.schema else {**scalar(kind), **_said(kind.expected)}


def _map(arguments: Sequence[Any], path: Path, words: Words, kind: Kind | None) -> Schema:
    below = (*path, "*")
    inner = _value(arguments[1], below, words, kind)
    struct = _table_in(arguments[1])
    if struct is not None:
        inner["description"] = (struct.__doc__ or "").partition("\n")[0]
        inner["title"] = _title(below)
    found: Schema = {"type": "object", "additionalProperties": inner}
    if struct is not None and not struct.SHORT:
        found["additionalProperties"] = optional(inner)
    names = next((extra for extra in _extras(arguments[0]) if isinstance(extra, Kind)), None)
    if names is not None:
        # Without a type: a key such as 10 is a number to some readers.
        found["propertyNames"] = {key: value for key, value in names.schema.items() if key != "type"}
        if not names.choices:
            found["propertyNames"] |= {"title": "name", **_said(names.expected)}
    return found | ({} if struct is not None else {"errorMessage": f"must be a mapping of names to {_expected(inner)}"})


def _said(expected: str) -> Schema:
    """Return what an editor says of a wrong value."""
    return {"errorMessage": f"must be {expected}", "patternErrorMessage": f"must be {expected}"}


def _expected(found: Schema) -> str:
    if "enum" in found:
        return f"one of {', '.join(found['enum'])}"
    return str(found.get("errorMessage", "")).removeprefix("must be ") or "a name"


def _title(path: Path) -> str:
    return ".".join("NAME" if step == "*" else step for step in path)


def _types(found: Schema) -> list[str]:
    kinds = found.get("type", "string")
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _extras(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()


def _table_in(hint: Any) -> type[Table] | None:
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and issubclass(part, Table):
            return part
    return None


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.required:
        return None
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    # Sizes are 0 in the model and have units in the file.
    nothing = value in ("", None, (), {}) or (value == 0 and not isinstance(value, bool))
    return None if nothing or isinstance(value, Table) else value
