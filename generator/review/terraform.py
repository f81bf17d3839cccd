"""The JSON of a Terraform plan, as `terraform show -json` prints it: what of it a review needs.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from pathlib import Path
from typing import Any

import msgspec

from generator.errors import InputError

NODES = "module.nodes"
"""Where a generated `main.tf` has its machines."""

_MEND = "Make it with: terraform plan -out=tfplan && terraform show -json tfplan > plan.json"


class ResourceAction(msgspec.Struct, frozen=True):
    """What is done, and the values before and after; those are read where they are needed, and never shown."""

    actions: tuple[str, ...]
    before: msgspec.Raw = msgspec.Raw(b"null")
    after: msgspec.Raw = msgspec.Raw(b"null")
    replace_paths: tuple[tuple[str | int, ...], ...] = ()


class Resource(msgspec.Struct, frozen=True):
    """A resource and what is done to it.

    Attributes:
        deposed: Set where it is what a replacement left over that failed half-way, beside the one of this address.
    """

    address: str
    type: str
    name: str
    change: ResourceAction
    mode: str = "managed"
    module_address: str = ""
    index: str | int | None = None
    action_reason: str = ""
    deposed: str = ""

    @property
    def destroyed(self) -> bool:
        """Whether it is gone afterwards, or another one in its place."""
        return "delete" in self.change.actions

    @property
    def replaced(self) -> bool:
        """Whether it is made anew."""
        return self.destroyed and "create" in self.change.actions

    @property
    def lasting(self) -> bool:
        """Whether Terraform keeps it, or another one in its place."""
        return "create" in self.change.actions or not {"delete", "forget"} & {*self.change.actions}

    @property
    def untouched(self) -> bool:
        """Whether nothing is done to it."""
        return self.change.actions in (("no-op",), ("read",))

    @property
    def before(self) -> dict[str, Any]:
        """Its values now; empty where it is not there."""
        return _values(self.change.before)

    @property
    def after(self) -> dict[str, Any]:
        """Its values after the apply, as far as they are known."""
        return _values(self.change.after)

    def changed_names(self) -> tuple[str, ...]:
        """Return the names of what differs at its top level; values may be secret, names are not.

        What is only known after the apply is left out, and nothing, no list and no text are the same.
        """
        before, after = self.before, self.after
        return tuple(sorted(key for key in after if (before.get(key) or None) != (after[key] or None)))


def _values(data: msgspec.Raw) -> dict[str, Any]:
    found = msgspec.json.decode(data)
    return found if isinstance(found, dict) else {}


class TerraformPlan(msgspec.Struct, frozen=True):
    """A plan.

    Attributes:
        complete: Nothing is left for another one, as with `-target`; older programs do not say it.
    """

    format_version: str
    resource_changes: tuple[Resource, ...] = ()
    resource_drift: tuple[Resource, ...] = ()
    terraform_version: str = ""
    errored: bool = False
    complete: bool = True

    @property
    def managed(self) -> tuple[Resource, ...]:
        """Return the resources that Terraform keeps, without what failed replacements left over."""
        return tuple(one for one in self.resource_changes if one.mode == "managed" and not one.deposed)

    @property
    def stands(self) -> bool:
        """Whether machines of a deployment are in the state already."""
        return any(one.module_address == NODES and one.change.actions != ("create",) for one in self.managed)

    @property
    def deposed(self) -> tuple[Resource, ...]:
        """Return what failed replacements left over."""
        return tuple(one for one in self.resource_changes if one.mode == "managed" and one.deposed)


class _Head(msgspec.Struct):
    """What tells one JSON of Terraform from another; the lists are not read for it."""

    format_version: str = ""
    planned_values: msgspec.Raw = msgspec.Raw()
    resource_changes: msgspec.Raw = msgspec.Raw()


def read_plan(path: Path) -> TerraformPlan:
    """Return a plan.

    Raises:
        InputError: It cannot be read, is not such JSON, of another version, or of a plan that failed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", _MEND) from None
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{path} is a plan file of Terraform, not its JSON", f"terraform show -json {path} > plan.json"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            f"{path} is not UTF-8, as PowerShell writes files by default", "Write it by Out-File -Encoding utf8."
        )
    try:
        head = msgspec.json.decode(data, type=_Head)
        version = head.format_version
        if not version:
            raise InputError(f"{path} is JSON, but not of a Terraform plan: it has no format_version", _MEND)
        if not version.startswith("1."):
            why = f"{path} has format version {version}; this version of generate reads 1.x"
            raise InputError(why, "Use a version of generate that is as new as your Terraform.")
        plan = msgspec.json.decode(data, type=TerraformPlan)
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not the whole JSON of a Terraform plan: {error}", _MEND) from None
    if plan.errored:
        raise InputError(f"{path} is of a plan that failed, so much is missing in it", "Mend what terraform plan says.")
    if not bytes(head.planned_values) and not bytes(head.resource_changes):
        raise InputError(f"{path} is the JSON of a state: terraform show was given no plan file", _MEND)
    return plan
