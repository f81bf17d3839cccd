"""Verdicts of a review that the topology accepts."""

from collections.abc import Iterator

from generator.context import Context
from generator.problems import Finding


def check_acceptance(context: Context) -> Iterator[Finding]:
    """What is accepted of a verdict is named, or all of it is."""
    for verdict, acceptance in context.topology.accept.items():
        if acceptance.only == ():
            yield Finding(
                "nothing-accepted",
                ("accept", verdict, "only"),
                f"accept.{verdict}.only is empty: it accepts nothing",
                "Name what is accepted, as the review names it, or remove `only` to accept all of it.",
            )
