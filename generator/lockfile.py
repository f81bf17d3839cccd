"""`topology.lock.json`: what was chosen once and stays."""

from pathlib import Path

import msgspec

from generator.errors import InputError
from generator.files import json_bytes
from generator.output.manifest import read_manifest

LOCK_NAME = "topology.lock.json"
_LOST = (
    "Restore it from version control. Where nothing was applied yet, or nothing is left of it, generate --force "
    "chooses addresses and machine types anew."
)


class LockedNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stays of a machine.

    Attributes:
        image: Identifier of the image, empty where the cloud looks it up at apply.
        placement_group: Empty where the cloud has none.
        public_address: Whether it has one; None where an older version wrote the file.
    """

    address: str
    subnet: str
    zone: str
    type: str
    os: str
    image: str = ""
    placement_group: str = ""
    public_address: bool | None = None


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen.

    Attributes:
        nodes: By name, the gateway among them.
        volumes: The node of every volume by its key.
        resolvers: The nodes that answer DNS inside.
        peers: Addresses of the VPN's peers by name.
        sizes: GiB of every volume by its key.
        provider: The cloud, and where in it; empty where an older version wrote the file.
        release: As it was, like all that follow: nothing is chosen by them, but a change is said.
        exposure: On premises.
        uplink: On premises: bridge, network or range.
        stated_addresses: Public addresses by machine that the operator stated.
        reverse_names: By address, or by what stands for it.
        ssh_keys: A digest.
    """

    format: int = 1
    network: str = ""
    nodes: dict[str, LockedNode] = {}
    volumes: dict[str, str] = {}
    resolvers: tuple[str, ...] = ()
    peers: dict[str, str] = {}
    sizes: dict[str, int] = {}
    provider: str = ""
    region: str = ""
    release: str = ""
    exposure: str = ""
    uplink: str = ""
    stated_addresses: dict[str, str] = {}
    reverse_names: dict[str, str] = {}
    ssh_keys: str = ""

    def only_places(self) -> "Lock":
        """Return the lock without machine types and images; addresses stay, for a new one costs a machine."""
        nodes = {name: msgspec.structs.replace(node, type="", os="", image="") for name, node in self.nodes.items()}
        return msgspec.structs.replace(self, nodes=nodes)

    def differences(self, other: "Lock") -> list[str]:
        """Return what another lock chooses differently for the nodes that both have, a line each."""
        lines = []
        for name in sorted(self.nodes.keys() & other.nodes.keys()):
            before, after = self.nodes[name], other.nodes[name]
            for field in before.__struct_fields__:
                old, new = getattr(before, field), getattr(after, field)
                if old != new:
                    lines.append(f"{name}: {field} {old or 'looked up at apply'} -> {new or 'looked up at apply'}")
        return lines

    def dump(self) -> bytes:
        """Return the bytes of the file."""
        return json_bytes(self)


def read_lock(folder: Path, *, anew: bool = False) -> Lock:
    """Return the lock of a folder, an empty one where there is none.

    Args:
        folder: Where it stands.
        anew: A lock that was lost is done without.

    Raises:
        InputError: The file was damaged or lost.
    """
    path = folder / LOCK_NAME
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if LOCK_NAME in read_manifest(folder).files and not anew:
            raise InputError(f"{path} is missing, and generate wrote it here", _LOST) from None
        return Lock()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    try:
        lock = msgspec.json.decode(data, type=Lock)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is damaged: {error}",
            "Restore it from version control. Without it addresses and machine types are chosen anew.",
        ) from None
    if lock.format != 1:
        raise InputError(f"{path} has format {lock.format}; this version reads format 1", "Use a newer version.")
    return lock
