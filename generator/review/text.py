"""A review for a terminal of 80 columns."""

from collections.abc import Iterator

from generator.review.document import plain
from generator.review.model import Review
from generator.review.sections import sections
from generator.show.text import paragraph, section

_MOST = 12
"""Names in a list."""

_MARKS = {"bad": "! ", "care": "* ", "good": "+ ", "": "- "}


def text(review: Review) -> Iterator[str]:
    """Yield the lines."""
    yield from paragraph(review.verdict)
    yield from paragraph(f"Compared with {review.base}{'' if review.terraform else ', without a Terraform plan'}.")
    for one in sections(review):
        yield from section(one.title)
        if one.folded:
            yield from paragraph(f"{len(one.items)} in all: --markdown and --json have them.")
            continue
        if one.lead:
            yield from paragraph(one.lead)
        for item in one.items:
            if one.id == "configure":
                yield f"  {plain(item.text, 1)}"
            else:
                yield from paragraph(_sentence(plain(item.text, _MOST)), f"  {_MARKS[item.tone]}", "    ")


def _sentence(words: str) -> str:
    """Return a sentence with one full stop at its end: names of DNS may bring their own."""
    return words.removesuffix(".") if words.endswith("..") else words
