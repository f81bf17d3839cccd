"""The manual installation procedure, step by step."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from generator.facts.base import Fact, Family

Phase = Literal["packages", "bootstrap", "configure", "finish"]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A command that is not for every node of its step.

    Attributes:
        run: The line for the shell.
        with_: Only where some node of the deployment has one of these roles.
        here: Only where this node has one of these roles.
    """

    run: str
    with_: tuple[str, ...] = ()
    here: tuple[str, ...] = ()


class InstallStep(Fact, frozen=True, kw_only=True):
    """One step of the manual installation on a node.

    Commands hold `{placeholders}` in the style of `str.format`: `{fqdn}`, `{name}`,
    `{address}`, `{netmask}`, `{domain}`, `{network}`, `{directory}` (name of the Mesh and Directory
    node), `{public_name}`, `{public_address}`, `{packages}`, `{postgresql}`; so do notes. Ids of
    values in upper case are for the operator to replace.

    Attributes:
        phase: Steps of a node run by phase, then in the order in which they are listed.
        roles: Nodes with one of these roles; `("*",)` means every node.
        not_with: Not on a node that has one of these roles.
        first_node_only: Only on the first node, in order of installation, of those that match.
        family: Only on this family of operating systems; empty means on every one.
        user: Who runs the commands.
        commands: Lines for the shell.
        os: Only on these operating systems; empty means on every one.
        note: What the operator has to know or to answer.
        notes_for: Further notes by role or operating system of the node.
        for_further: Only where there are mail domains without a DKIM key beside that of the nodes.
        for_keys: Once for each mail domain that has no DKIM key yet, `{domain}` and `{selector}` being its own, and
            not at all where all have one; the note's `{key_rows}` says what is to be published then.
    """

    id: str
    title: str
    phase: Phase
    roles: tuple[str, ...]
    not_with: tuple[str, ...] = ()
    first_node_only: bool = False
    family: Literal[""] | Family = ""
    user: Literal["root", "zextras", "postgres"] = "root"
    os: tuple[str, ...] = ()
    commands: tuple[str | Command, ...]
    note: str = ""
    notes_for: Mapping[str, str] = {}
    for_keys: bool = False
    for_further: bool = False


class WrittenValue(Fact, frozen=True, kw_only=True):
    """A value to write down during the installation.

    Attributes:
        from_roles: Nodes with one of these roles produce it.
        command: Prints it; empty where the operator chooses it.
        user: Who runs the command.
        needed_by: Roles whose installation asks for it; `("*",)` means every later node.
        secret: Has to be kept in a safe place.
        for_keys: Only where a mail domain has no DKIM key yet.
    """

    id: str
    title: str
    from_roles: tuple[str, ...]
    origin: str
    command: str = ""
    user: Literal["root", "zextras"] = "root"
    needed_by: tuple[str, ...]
    secret: bool = False
    for_keys: bool = False


class Install(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The manual installation: steps in order, and the values to write down."""

    steps: tuple[InstallStep, ...]
    values: tuple[WrittenValue, ...]


class OrderNote(Fact, frozen=True, kw_only=True):
    """The order in which roles are installed, as a sentence for the operator."""

    text: str
