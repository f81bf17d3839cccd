"""What a kind of scalar is made of."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Parsed: TypeAlias = Any


class Kind:
    """A kind of scalar.

    Attributes:
        expected: What is expected, as in "a size in GB or TB such as 5 GB".
        parse: Maps the YAML scalar (str, int, float, bool or None) to the value of the model. Raises
            ValueError with an explanation, or an empty one where `expected` says all.
        placeholder: Stands for a wrong value while the rest of the file is checked.
        pattern: Regular expression of the accepted text, empty where there is none.
        choices: The accepted words, where they are few.
        remedy: Maps a refused text to what to write in its place, empty where that is anybody's guess.
        schema: The same as JSON Schema, for editors. Wider than `parse` where a schema cannot say it, never
            narrower: an editor must not mark what is accepted here.
    """

    def __init__(
        self,
        expected: str,
        parse: Callable[[Any], Parsed],
        placeholder: Parsed = "",
        pattern: str = "",
        choices: tuple[str, ...] = (),
        remedy: Callable[[str], str] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.expected = expected
        self.parse = parse
        self.placeholder = placeholder
        self.pattern = pattern
        self.choices = choices
        self.remedy = remedy
        self.schema = schema or {}


def written(pattern: str) -> Mapping[str, Any]:
    """Return the schema of a text of a pattern."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}
