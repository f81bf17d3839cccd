"""Stage four: a `Plan` to files, in memory."""

from generator.render.tree import Rendering, render

__all__ = ["Rendering", "render"]
