"""Reads fields of a request's body, refusing what the API refuses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any

from generator.rehearse.hetzner.errors import invalid

_LABEL_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?"
_DNS_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LABEL_KEY = re.compile(rf"(?:{_DNS_LABEL}(?:\.{_DNS_LABEL})*/)?{_LABEL_NAME}")
_LABEL_VALUE = re.compile(rf"(?:{_LABEL_NAME})?")


def text(
    body: Mapping[str, Any],
    field: str,
    *,
    pattern: re.Pattern[str] | None = None,
    choices: Collection[str] = (),
    longest: int = 0,
) -> str | None:
    """Returns a string, or None where the body has none.

    Raises:
        ApiError: It is no string, or not one of those allowed.
    """
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(field, "must be a string")
    if longest and len(value.encode()) > longest:
        raise invalid(field, f"Length must be between 0 and {longest}")
    if pattern is not None and not pattern.fullmatch(value):
        raise invalid(field, "has an invalid format")
    if choices and value not in choices:
        raise invalid(field, f"must be one of: {', '.join(sorted(choices))}")
    return value


def need_text(
    body: Mapping[str, Any],
    field: str,
    *,
    pattern: re.Pattern[str] | None = None,
    choices: Collection[str] = (),
    longest: int = 0,
) -> str:
    """Returns a string that has to be there and not empty."""
    value = text(body, field, pattern=pattern, choices=choices, longest=longest)
    if not value:
        raise invalid(field, "is required")
    return value


def reference(body: Mapping[str, Any], field: str, default: str = "") -> str:
    """Returns an id or name as a string; it has to be there unless there is a default."""
    value = body.get(field) or default
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise invalid(field, "is required: an ID or a name")
    return str(value)


def integer(body: Mapping[str, Any], field: str, *, least: int | None = None, most: int | None = None) -> int | None:
    """Returns a whole number, or None where the body has none."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise invalid(field, "must be an integer")
    if (least is not None and value < least) or (most is not None and value > most):
        raise invalid(field, f"must be between {least} and {most}")
    return int(value)


def need_integer(body: Mapping[str, Any], field: str, *, least: int | None = None, most: int | None = None) -> int:
    """Returns a whole number that has to be there."""
    value = integer(body, field, least=least, most=most)
    if value is None:
        raise invalid(field, "is required")
    return value


def flag(body: Mapping[str, Any], field: str, default: bool) -> bool:
    """Returns a boolean."""
    value = body.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(field, "must be a boolean")
    return value


def objects(body: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Returns a list of objects, empty where the body has none."""
    values = listed(body, field)
    if not all(isinstance(value, dict) for value in values):
        raise invalid(field, "must be a list of objects")
    return values


def listed(body: Mapping[str, Any], field: str) -> list[Any]:
    """Returns a list, empty where the body has none."""
    value = body.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(field, "must be a list")
    return value


def labels(body: Mapping[str, Any]) -> dict[str, str] | None:
    """Returns the labels of a body, or None where it has none."""
    value = body.get("labels")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid("labels", "must be an object")
    for key, content in value.items():
        if not _LABEL_KEY.fullmatch(key) or key.startswith("hetzner.cloud/"):
            raise invalid("labels", f"invalid label key '{key}'")
        if not isinstance(content, str) or not _LABEL_VALUE.fullmatch(content):
            raise invalid("labels", f"invalid value of label '{key}'")
    return dict(value)


def network(value: Any, field: str) -> ipaddress.IPv4Network:
    """Returns an IPv4 range in CIDR notation."""
    try:
        return ipaddress.IPv4Network(value)
    except ValueError:
        raise invalid(field, f"'{value}' is no IPv4 range in CIDR notation with empty host bits") from None


def address(value: Any, field: str) -> ipaddress.IPv4Address:
    """Returns an IPv4 address."""
    try:
        return ipaddress.IPv4Address(value)
    except ValueError:
        raise invalid(field, f"'{value}' is no IPv4 address") from None
