"""The documented scenarios as nodes, without what an operator leaves out."""

from collections.abc import Mapping

COLLABORATION = ("files", "docs", "preview", "tasks", "chats")
"""Roles for what users do together, beside mail."""

VIDEO = "video"
_MEETINGS_START_IN = "chats"


def optional(nodes: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], bool]:
    """Return the roles of collaboration that a scenario has, and whether it has video."""
    there = {role for roles in nodes.values() for role in roles}
    return tuple(role for role in COLLABORATION if role in there), VIDEO in there


def without(nodes: Mapping[str, tuple[str, ...]], *, collaboration: bool, video: bool) -> Mapping[str, tuple[str, ...]]:
    """Return a scenario's nodes with what is wanted; nodes that are left without a role go.

    Args:
        nodes: Roles by node.
        collaboration: Whether files, documents, previews, tasks and chats are wanted. Chats stay while
            there is video: meetings start there.
        video: Whether the video server is wanted.
    """
    dropped = set() if collaboration else set(COLLABORATION)
    if video:
        dropped.discard(_MEETINGS_START_IN)
    else:
        dropped.add(VIDEO)
    left = {name: tuple(role for role in roles if role not in dropped) for name, roles in nodes.items()}
    return {name: roles for name, roles in left.items() if roles}
