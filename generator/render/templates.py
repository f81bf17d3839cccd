"""The Jinja environment of every template."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from generator.paths import TEMPLATES

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """Return the environment; a name that a template uses and nobody gives is an error."""
    # Help and errors need none, and would wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - nothing here is HTML
        auto_reload=False,
        optimized=False,
    )
