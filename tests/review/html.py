"""What a page of a review says of its change, short enough to be read as a golden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

_SAME_EVERYWHERE = (
    r"""<(?:style|script|form|fieldset)\b.*?</(?:style|script|form|fieldset)>\n?|<meta http-equiv=.*?>\n"""
)
_PICTURE = r"<svg\b.*?</svg>"
_ROW = r"<tr role=\"row\" data-.*?</tr>\n"
_SIGNS = "+!\N{MINUS SIGN}\N{NOT EQUAL TO}"
_CHANGES = 'data-changes="yes"'


def essence(page: str) -> str:
    """Return a page without what is the same in every page, and without what stays as it is.

    Of the pictures the texts of what is marked are left, of the tables the rows.
    """
    text = re.sub(_SAME_EVERYWHERE, "", page, flags=re.DOTALL)
    text = re.sub(_PICTURE, lambda found: "\n".join(_marked(found[0])), text, flags=re.DOTALL)
    return re.sub(_ROW, lambda found: found[0] if _CHANGES in found[0] else "", text, flags=re.DOTALL)


def _marked(picture: str) -> Iterator[str]:
    yield "<svg>"
    for one in ET.fromstring(picture).iter():  # noqa: S314 - it was made a moment ago
        words = ["".join(part.itertext()) for part in one.iter() if part.tag.endswith("text")]
        node = one.get("class") == "node" and any(word[:1] in _SIGNS for word in words)
        if node or one.get("data-changes") == "yes":
            yield f"{one.get('class')} {one.get('data-node') or one.get('data-ports') or ''}: {' | '.join(words)}"
    yield "</svg>"
