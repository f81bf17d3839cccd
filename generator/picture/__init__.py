"""The plan as a picture: machines, those who reach them, and what for. SVG, drawn without any other program."""

from generator.picture.layout import Layout
from generator.picture.scene import describe, make_scene
from generator.picture.svg import document
from generator.plan import Plan

__all__ = ["draw"]


def draw(plan: Plan) -> str:
    """Return the picture of a plan as SVG, the same for the same plan."""
    scene = make_scene(plan)
    layout = Layout(scene)
    shapes = layout.shapes()
    return document(shapes, layout.width, layout.y, scene.title, describe(scene))
