"""Every rule about a topology, in words: what it means, why it is there, how to get on."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule.

    Attributes:
        id: Identifier, as it stands in messages.
        title: What is the matter, without the values of one case.
        why: Why that is wrong, or remarkable.
        mend: How to get on.
        warning: It stops nothing, and may be silenced.
        source: Where that is written, if not in Carbonio's documentation or in our own design.
    """

    id: str
    title: str
    why: str
    mend: str
    warning: bool = False
    source: str = ""


@cache
def rules() -> Mapping[str, Rule]:
    """Return all rules by identifier, in the order of their subjects."""
    data = yaml.load(Path(__file__).with_name("rules.yaml").read_bytes(), Loader=_LOADER)  # noqa: S506
    return {name: msgspec.convert({"id": name, **row}, Rule) for name, row in data.items()}


def page(rule: Rule) -> list[str]:
    """Return what is to be said about a rule, in paragraphs."""
    paragraphs = [f"{rule.title}.", rule.why, rule.mend]
    if rule.warning:
        paragraphs.append(f"It is a warning. To silence it, with the reason: silence: {{{rule.id}: WHY}}")
    if rule.source:
        paragraphs.append(rule.source)
    return paragraphs
