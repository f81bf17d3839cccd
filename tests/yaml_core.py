"""YAML as an editor reads it: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#1032-tag-resolution)."""

from __future__ import annotations

import re
from typing import Any

import yaml

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o([0-7]+)")
_HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# JSON knows no infinity; any number will do.
_MOST = 1e308


def read(text: str) -> Any:
    """Return the content of a document as plain values."""
    return value_of(yaml.compose(text, Loader=yaml.SafeLoader))


def value_of(node: yaml.Node | None) -> Any:
    """Return the content of a node as plain values; keys are texts, as in JSON."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return str(node.value) if node.style else plain(str(node.value))
    return None


def plain(text: str) -> Any:
    """Return what a scalar without quotes means."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text.lower() == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    for pattern, base in ((_OCTAL, 8), (_HEXADECIMAL, 16)):
        if match := pattern.fullmatch(text):
            return int(match[1], base)
    if _ENDLESS.fullmatch(text):
        return _MOST
    if _FLOAT.fullmatch(text):
        return max(-_MOST, min(_MOST, float(text)))
    return text
