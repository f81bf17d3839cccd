"""Which nodes have something new for `carbonio-node-configure`."""

import json
from collections.abc import Iterator

from generator.output import Comparison
from generator.render.ssh import configure_command

_FOLDER, _SUFFIX = "nodes/", ".json"
_VALUES = "terraform.tfvars.json"


def nodes_to_configure(comparison: Comparison) -> list[str]:
    """Return the nodes that were there before and whose data or volumes differ from what the folder held, by name."""
    nodes = {
        change.path.removeprefix(_FOLDER).removesuffix(_SUFFIX)
        for change in comparison.changes
        if change.outcome == "change" and change.path.startswith(_FOLDER)
    }
    return sorted(nodes | set(_grown(comparison)))


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


def advice(comparison: Comparison) -> Iterator[str]:
    """Yield what an operator has to do about it, a line each."""
    nodes = nodes_to_configure(comparison)
    if nodes:
        yield "after terraform apply, bring these nodes their new data (nothing restarts):"
        yield from (f"  {configure_command(node)}" for node in nodes)
