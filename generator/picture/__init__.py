"""The plan as a picture: machines, those who reach them, and what for. SVG, drawn without any other program."""

from generator.picture.layout import Layout
from generator.picture.scene import Scene, describe, make_scene
from generator.picture.svg import document
from generator.plan import Plan

__all__ = ["draw", "draw_scene", "make_scene"]


def draw(plan: Plan) -> str:
    """Return the picture of a plan as SVG, the same for the same plan."""
    return draw_scene(make_scene(plan))


def draw_scene(scene: Scene, name: str = "plan", description: str = "") -> str:
    """Return a picture as SVG.

    Args:
        scene: What it shows.
        name: Its own in the file that it stands in.
        description: Where it is said in words; empty for all of it here.
    """
    layout = Layout(scene)
    shapes = layout.shapes()
    return document(shapes, (layout.width, layout.y), scene.title, description or describe(scene), name)
