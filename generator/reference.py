"""The reference of the topology file, made from its model."""

import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from generator.facts import load_facts, releases
from generator.kinds import Kind
from generator.topology import Table, Topology

_HEAD = """\
# Topology reference

Made from the model by `script/docs`. A file `topology.yaml` holds these keys; those without a default are required.
A word in place of a mapping is its short form: `dns: none` is `dns: {provider: none}`, and a node may be just its list
of roles. Every string, list or mapping is checked, and unknown keys are errors.
"""


def topology_reference() -> str:
    """Return the text of docs/topology.md."""
    return "\n".join([_HEAD, *_table(Topology, ""), *_services()]) + "\n"


def _table(table: type[Table], prefix: str) -> Iterator[str]:
    nested: list[tuple[str, type[Table]]] = []
    yield f"## {prefix or 'Top level'}"
    yield ""
    if table.SHORT:
        yield f"Short form: `{table.SHORT}` alone."
        yield ""
    yield "| Key | Value | Default | Meaning |"
    yield "|---|---|---|---|"
    hints = typing.get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        inner = _inner(hints[field.name])
        if inner is not None:
            nested.append((f"{prefix}.{field.name}".strip("."), inner))
        hint = hints[field.name]
        yield f"| `{field.name}` | {_expected(hint)} | {_default(field)} | {_meaning(hint, inner)} |"
    yield ""
    for name, inner in nested:
        yield from _table(inner, name + (".*" if inner.__name__ == "Node" else ""))


def _inner(hint: Any) -> type[Table] | None:
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and issubclass(part, Table):
            return part
    return None


def _expected(hint: Any) -> str:
    kinds = [extra for extra in typing.get_args(hint)[1:] if isinstance(extra, Kind)]
    if not kinds:
        return "mapping"
    origin = typing.get_origin(typing.get_args(hint)[0])
    text = kinds[0].expected.replace("|", "\\|")
    return {tuple: "list; each ", dict: "mapping of names to "}.get(typing.cast(Any, origin), "") + text


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if value in ("", None, (), {}) or isinstance(value, Table):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(hint: Any, inner: type[Table] | None) -> str:
    metas = [extra for extra in typing.get_args(hint)[1:] if isinstance(extra, msgspec.Meta)]
    if not metas:
        return (inner.__doc__ or "").split("\n")[0] if inner is not None else ""
    examples = ", ".join(f"`{example}`" for example in metas[0].examples or ())
    return f"{metas[0].description}{f', such as {examples}' if examples else ''}"


def _services() -> Iterator[str]:
    facts = load_facts("26.6", "commercial")
    yield "## Services and roles"
    yield ""
    yield "| Service | Port | On nodes with | Default |"
    yield "|---|---|---|---|"
    for service in facts.services.values():
        if not service.management_only:
            default = "on" if service.default else "off"
            yield f"| `{service.id}` | {service.protocol} {service.ports} | {service.role} | {default} |"
    yield ""
    yield "Roles of the releases, in order of installation:"
    yield ""
    for release, edition in ((name, edition) for name, one in releases().items() for edition in one.editions):
        roles = ", ".join(f"`{role}`" for role in load_facts(release, edition).roles)
        yield f"- {release} {edition}: {roles}"
    yield ""
    yield "Scenarios, each a preset of nodes:"
    yield ""
    for release, edition in ((name, edition) for name, one in releases().items() for edition in one.editions):
        for scenario in load_facts(release, edition).scenarios.values():
            nodes = "; ".join(f"{name}: {', '.join(roles)}" for name, roles in scenario.nodes.items())
            yield f"- `{scenario.id}` ({release} {edition}): {nodes}"
    yield ""
    yield "Operating systems, the default first:"
    yield ""
    for name, one in releases().items():
        systems = [one.default_os, *(system for system in one.os if system != one.default_os)]
        yield f"- {name}: {', '.join(f'`{system}`' for system in systems)}"
