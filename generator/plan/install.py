"""The installation by hand. Types only."""

import msgspec


class InstallCommand(msgspec.Struct, frozen=True):
    """One step of the installation on one node."""

    title: str
    user: str
    commands: tuple[str, ...]
    note: str


class NodeInstall(msgspec.Struct, frozen=True):
    """The installation of one node, at its place in the order."""

    node: str
    steps: tuple[InstallCommand, ...]


class ValueToNote(msgspec.Struct, frozen=True):
    """A value to write down during the installation, and where it comes from."""

    title: str
    nodes: tuple[str, ...]
    origin: str
    command: str
    user: str
    needed_by: tuple[str, ...]
    secret: bool


class InstallPlan(msgspec.Struct, frozen=True):
    """What remains to be done by hand once the nodes are there.

    Attributes:
        nodes: Node after node, in this order.
        after: What comes when all nodes are installed.
    """

    order: str
    nodes: tuple[NodeInstall, ...]
    after: tuple[NodeInstall, ...]
    values: tuple[ValueToNote, ...]
