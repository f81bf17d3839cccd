"""The manual installation procedure, step by step."""

from __future__ import annotations

from typing import Literal

import msgspec

from generator.facts.base import Fact, Family

Phase = Literal["packages", "bootstrap", "configure", "finish"]


class InstallStep(Fact, frozen=True, kw_only=True):
    """One step of the manual installation on a node.

    Commands hold `{placeholders}` in the style of `str.format`: `{fqdn}`, `{name}`,
    `{address}`, `{domain}`, `{network}`, `{packages}`, `{postgresql}` and ids of values in upper case
    inside angle brackets, which the operator replaces. Notes are plain text.

    Attributes:
        phase: Steps of a node run by phase, then in the order in which they are listed.
        roles: Nodes with one of these roles; `("*",)` means every node.
        not_with: Not on a node that has one of these roles.
        first_node_only: Only on the first node, in order of installation, of those that match.
        family: Only on this family of operating systems; empty means on every one.
        user: Who runs the commands.
        commands: Lines for the shell.
        note: What the operator has to know or to answer.
    """

    id: str
    title: str
    phase: Phase
    roles: tuple[str, ...]
    not_with: tuple[str, ...] = ()
    first_node_only: bool = False
    family: Literal[""] | Family = ""
    user: Literal["root", "zextras", "postgres"] = "root"
    commands: tuple[str, ...]
    note: str = ""


class WrittenValue(Fact, frozen=True, kw_only=True):
    """A value to write down during the installation.

    Attributes:
        from_roles: Nodes with one of these roles produce it.
        command: Prints it; empty where the operator chooses it.
        user: Who runs the command.
        needed_by: Roles whose installation asks for it; `("*",)` means every later node.
        secret: Has to be kept in a safe place.
    """

    id: str
    title: str
    from_roles: tuple[str, ...]
    origin: str
    command: str = ""
    user: Literal["root", "zextras"] = "root"
    needed_by: tuple[str, ...]
    secret: bool = False


class Install(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The manual installation: steps in order, and the values to write down."""

    steps: tuple[InstallStep, ...]
    values: tuple[WrittenValue, ...]


class OrderNote(Fact, frozen=True, kw_only=True):
    """The order in which roles are installed, as a sentence for the operator."""

    text: str
