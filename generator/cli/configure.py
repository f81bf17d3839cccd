"""Which nodes have something new for `carbonio-node-configure`."""

import json
from collections.abc import Iterator

from generator.output import Comparison
from generator.render.brief import MARK
from generator.render.ssh import configure_command

_FOLDER, _SUFFIX = "nodes/", ".json"
_USER_DATA, _BRIEF = "cloud-init/", f'"{MARK}": true'.encode()
_VALUES = "terraform.tfvars.json"


def nodes_to_configure(comparison: Comparison) -> list[str]:
    """Return the nodes that need their data once more, by name.

    They were there before and their data or volumes differ from what the folder held, or are new and their user-data
    cannot hold all of it.
    """
    nodes = {
        change.path.removeprefix(_FOLDER).removesuffix(_SUFFIX)
        for change in comparison.changes
        if change.outcome == "change" and change.path.startswith(_FOLDER)
    }
    return sorted(nodes | set(_grown(comparison)) | set(_brief(comparison)))


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


def advice(comparison: Comparison) -> Iterator[str]:
    """Yield what an operator has to do about it, a line each."""
    nodes = nodes_to_configure(comparison)
    if nodes:
        yield "after terraform apply, bring these nodes their new data (nothing restarts):"
        yield from (f"  {configure_command(node)}" for node in nodes)
