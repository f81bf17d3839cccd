"""The Jinja environment of every template."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator.paths import TEMPLATES


@cache
def environment() -> Environment:
    """Return the environment; a name that a template uses and nobody gives is an error."""
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
