"""The JSON of a Terraform plan, as `terraform show -json` prints it: what of it a review needs.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from generator.errors import InputError

_MEND = "Make it with: terraform plan -out=tfplan && terraform show -json tfplan > plan.json"
Action: TypeAlias = Literal["no-op", "create", "read", "update", "delete", "forget"]


class ResourceAction(msgspec.Struct, frozen=True):
    """What is done, and the values before and after; those are read where they are needed, and never shown."""

    actions: tuple[Action, ...]
    before: msgspec.Raw = msgspec.Raw(b"null")
    after: msgspec.Raw = msgspec.Raw(b"null")
    replace_paths: tuple[tuple[str | int, ...], ...] = ()


class Resource(msgspec.Struct, frozen=True):
    """A resource and what is done to it."""

    address: str
    type: str
    name: str
    change: ResourceAction
    mode: str = "managed"
    module_address: str = ""
    index: str | int | None = None
    action_reason: str = ""

    @property
    def destroyed(self) -> bool:
        """Whether it is gone afterwards, or another one in its place."""
        return "delete" in self.change.actions

    @property
    def replaced(self) -> bool:
        """Whether it is made anew."""
        return self.destroyed and "create" in self.change.actions

    @property
    def after(self) -> dict[str, Any]:
        """Its values after the apply, as far as they are known."""
        found = msgspec.json.decode(self.change.after)
        return found if isinstance(found, dict) else {}

    def changed_names(self) -> tuple[str, ...]:
        """Return the names of what differs at its top level; values may be secret, names are not."""
        before, after = msgspec.json.decode(self.change.before), msgspec.json.decode(self.change.after)
        if not isinstance(before, dict) or not isinstance(after, dict):
            return ()
        return tuple(sorted(key for key in {*before, *after} if before.get(key) != after.get(key)))


class TerraformPlan(msgspec.Struct, frozen=True):
    """A plan."""

    format_version: str
    resource_changes: tuple[Resource, ...] = ()
    resource_drift: tuple[Resource, ...] = ()
    terraform_version: str = ""
    errored: bool = False

    @property
    def managed(self) -> tuple[Resource, ...]:
        """Return the resources that Terraform keeps."""
        return tuple(one for one in self.resource_changes if one.mode == "managed")


class _Version(msgspec.Struct):
    format_version: str = ""


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
        version = msgspec.json.decode(data, type=_Version).format_version
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
    return plan
