"""Which nodes have something new for `carbonio-node-configure`."""

import json
from collections.abc import Collection, Iterator

from generator.lockfile import Lock
from generator.output import Comparison
from generator.render.brief import MARK
from generator.render.ssh import configure_command

_FOLDER, _SUFFIX = "nodes/", ".json"
_USER_DATA, _BRIEF = "cloud-init/", f'"{MARK}": true'.encode()
_VALUES = "terraform.tfvars.json"


def nodes_to_configure(comparison: Comparison, rebuilt: Collection[str] = ()) -> list[str]:
    """Return the nodes that need their data once more, by name.

    They were there before and their data or volumes differ from what the folder held, or are new and their user-data
    cannot hold all of it.

    Args:
        comparison: The folder.
        rebuilt: Nodes that come anew and bring their data along.
    """
    return sorted((_changed(comparison) - set(rebuilt)) | set(_brief(comparison)))


def _changed(comparison: Comparison) -> set[str]:
    nodes = {
        change.path.removeprefix(_FOLDER).removesuffix(_SUFFIX)
        for change in comparison.changes
        if change.outcome == "change" and change.path.startswith(_FOLDER)
    }
    return nodes | set(_grown(comparison))


def rebuilt_nodes(before: Lock, after: Lock) -> list[str]:
    """Return the nodes whose machine as it runs is not the one that their data is for: another system or address."""
    return sorted(
        name
        for name, node in after.nodes.items()
        if name in before.nodes
        and before.nodes[name].os
        and (before.nodes[name].os, before.nodes[name].address) != (node.os, node.address)
    )


def _brief(comparison: Comparison) -> Iterator[str]:
    for change in comparison.pending:
        if change.path.startswith(_USER_DATA) and _BRIEF in (change.after or b""):
            yield change.path.removeprefix(_USER_DATA).removesuffix(".yaml")


def _grown(comparison: Comparison) -> Iterator[str]:
    """Yield the nodes of volumes whose size differs: the file system has to follow."""
    values = next((one for one in comparison.pending if one.path == _VALUES and one.outcome == "change"), None)
    if values is None or values.before is None or values.after is None:
        return
    try:
        before = json.loads(values.before)["volumes"]
    except (ValueError, KeyError, TypeError):
        return  # Edited by hand: then it is reported as a conflict.
    for key, volume in json.loads(values.after)["volumes"].items():
        if key in before and before[key]["size_gib"] != volume["size_gib"]:
            yield volume["node"]


def advice(comparison: Comparison, rebuilt: Collection[str] = ()) -> Iterator[str]:
    """Yield what an operator has to do about it, a line each; arguments as for `nodes_to_configure`.

    Nobody here knows what was applied, so what concerns machines that run is said under that condition.
    """
    brief = set(_brief(comparison))
    running = [node for node in nodes_to_configure(comparison, rebuilt) if node not in brief]
    if running:
        yield "after terraform apply, nodes that existed before need their new data (these commands restart nothing):"
        yield from (f"  {configure_command(node)}" for node in running)
    if brief:
        yield "after terraform apply, these nodes need the rest of their data (these commands restart nothing):"
        yield from (f"  {configure_command(node)}" for node in sorted(brief))
    if rebuilt:
        yield f"bring no data to {', '.join(rebuilt)}: what runs there is to be rebuilt, and gets it at its first boot"
