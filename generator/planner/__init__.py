"""Stage three: a checked topology to one cloud-neutral `Plan`. No input or output of its own."""

from generator.planner.machines import sufficient_types
from generator.planner.plan import make_plan

__all__ = ["make_plan", "sufficient_types"]
