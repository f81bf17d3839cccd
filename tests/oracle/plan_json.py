"""Terraform's JSON of plans and states: resources, and in plans how unknown ids come about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracle.groups import OracleError

Json = Mapping[str, Any]

MODULES = Path(__file__).resolve().parents[2] / "modules"


class Resource(NamedTuple):
    """One resource instance: where it stands, its key and its values."""

    address: str
    module: tuple[str, ...]
    type: str
    name: str
    key: str
    values: Json


def resources(module: Json, path: tuple[str, ...] = ()) -> Iterator[Resource]:
    """Yield the managed resources of a module and of those below it.

    Args:
        module: `root_module` of planned values or of a state.
        path: Where it stands.
    """
    for entry in module.get("resources", []):
        if entry["mode"] == "managed":
            yield Resource(
                entry["address"],
                path,
                entry["type"],
                entry["name"],
                str(entry.get("index", "")),
                entry["values"],
            )
    for child in module.get("child_modules", []):
        name = child["address"].split(".")[-1]
        if "[" in name:
            raise OracleError(f"{child['address']}: one module instance holds everything")
        yield from resources(child, (*path, name))


def check_types(found: Collection[Resource], known: Collection[str]) -> None:
    """Refuse resources of types that nobody looked at.

    Args:
        found: All resources.
        known: Their types as far as they are known.

    Raises:
        OracleError: There are others.
    """
    unknown = sorted({entry.type for entry in found} - set(known))
    if unknown:
        raise OracleError(f"resource types that the oracle does not know: {', '.join(unknown)}")


class Configuration:
    """The plan's copy of the configuration: how unknown ids come about.

    Args:
        document: The plan.
        group: Type of the resources that are groups of rules.
        provider: Folder of the modules.
        local: Line of a module that makes its ids a local value.
    """

    def __init__(self, document: Json, group: str, provider: str, local: str = "") -> None:
        self._group, self._provider, self._local = group, provider, local
        self._root: Json = document["configuration"]["root_module"]
        self._variables: Json = document["variables"]

    def configured(self) -> Iterator[Json]:
        """Yield every resource of the configuration, in all modules."""
        yield from self._all(self._root)

    def each(self, resource: Resource) -> Json:
        """Return `each.value` of a resource: its entry of a root variable."""
        expression = self._resource(resource)["for_each_expression"]
        value = self._variable(resource.module, self._only(expression, resource.address))
        entry = value[resource.key]
        assert isinstance(entry, Mapping), entry
        return entry

    def expression(self, resource: Resource, attribute: str) -> Json | None:
        """Return the expression of an attribute; None where it is not set."""
        found: Json | None = self._resource(resource)["expressions"].get(attribute)
        return found

    def variable(self, resource: Resource, reference: str) -> Any:
        """Return the value of a variable of a resource's module."""
        return self._variable(resource.module, reference)

    def check(self, resource: Resource, attribute: str, wanted: str, also: Collection[str] = ()) -> None:
        """Check that an attribute picks groups by `wanted` and by nothing else.

        Args:
            resource: The resource.
            attribute: Its attribute.
            wanted: What picks the group.
            also: What else may decide, and has been looked at.
        """
        expression = self._resource(resource)["expressions"][attribute]
        kept = {"each.value", wanted, *also}
        others = [entry for entry in expression["references"] if entry not in kept]
        if wanted not in expression["references"]:
            raise OracleError(f"{resource.address}: {attribute} does not use {wanted}")
        for entry in others:
            if not self._leads_to_groups(resource.module, entry):
                raise OracleError(f"{resource.address}: {attribute} uses {entry}")

    def _leads_to_groups(self, module: tuple[str, ...], reference: str) -> bool:
        if reference.startswith(f"{self._group}."):
            return True
        if reference == "local.group_ids":
            # A plan's JSON leaves locals out, so the module's own text has to say what it is.
            text = (MODULES / self._provider / module[-1] / "main.tf").read_text("utf-8")
            return bool(self._local) and self._local in text
        if reference.startswith("var."):
            call = self._call(module)["expressions"][reference.split(".")[1]]
            return all(self._leads_to_groups(module[:-1], entry) for entry in call["references"])
        if reference.startswith("module."):
            parts = reference.split(".")
            inner = (*module, parts[1])
            outputs = self._module(inner)["outputs"]
            # The list names the module itself too, beside its output.
            names = parts[2:3] or []
            return all(
                self._leads_to_groups(inner, entry)
                for name in names
                for entry in outputs[name]["expression"]["references"]
            )
        return False

    def _variable(self, module: tuple[str, ...], reference: str) -> Any:
        head, name, *path = reference.split(".")
        if head != "var":
            raise OracleError(f"{reference} is not a variable")
        if module:
            call = self._call(module)["expressions"][name]
            value = self._variable(module[:-1], self._only(call, ".".join(module)))
        else:
            value = self._variables[name]["value"]
        for step in path:
            value = value[step]
        return value

    @staticmethod
    def _only(expression: Json, where: str) -> str:
        """Return the one thing that an expression refers to; its prefixes are listed beside it."""
        references: list[str] = expression.get("references", [])
        own = [entry for entry in references if entry.startswith("var.")]
        longest = max(own, key=len, default="")
        if not longest or any(not f"{longest}.".startswith(f"{entry}.") for entry in own):
            raise OracleError(f"{where}: does not iterate over one variable: {references}")
        return longest

    def _resource(self, resource: Resource) -> Json:
        for entry in self._module(resource.module)["resources"]:
            if (entry["mode"], entry["type"], entry["name"]) == (
                "managed",
                resource.type,
                resource.name,
            ):
                found: Json = entry
                return found
        raise OracleError(f"{resource.address} is not in the configuration")

    def _call(self, module: tuple[str, ...]) -> Json:
        call: Json = self._module(module[:-1])["module_calls"][module[-1]]
        return call

    def _module(self, module: tuple[str, ...]) -> Json:
        found = self._root
        for name in module:
            found = found["module_calls"][name]["module"]
        return found

    def _all(self, module: Json) -> Iterator[Json]:
        yield from module.get("resources", [])
        for call in module.get("module_calls", {}).values():
            yield from self._all(call["module"])
