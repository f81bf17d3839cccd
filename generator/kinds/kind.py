"""What a kind of scalar is made of."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from generator.problems import holds_secret

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
        usual: What to do about any other refused text.
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
        usual: str = "",
    ) -> None:
        self.expected = expected
        self.parse = parse
        self.placeholder = placeholder
        self.pattern = pattern
        self.choices = choices
        self.remedy = remedy
        self.usual = usual
        self.schema = schema or {}

    def mend(self, text: str) -> str:
        """Return how to mend a refused text, without what must not be repeated of it."""
        mend = self.remedy(text) if self.remedy is not None else ""
        if mend == f"Write: {text}":
            return f'Write it in quotes: "{text}"'
        hidden = mend.startswith("Write") and holds_secret(text)
        return mend if mend and not hidden else self.usual


def written(pattern: str) -> Mapping[str, Any]:
    """Return the schema of a text of a pattern."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def any_case(word: str) -> str:
    """Return the pattern of a word in small letters, capitals, or both."""
    return "".join(f"[{char.lower()}{char.upper()}]" if char.isalpha() else char for char in word)


def as_text(value: object) -> str:
    """Return a text as it is. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError
    return value
