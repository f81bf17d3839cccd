"""The reference of the topology file, made from its schema."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from generator.clouds import REGISTRY
from generator.facts import load_cloud, load_facts, releases
from generator.schema import topology_schema

_HEAD = """\
# Topology reference

Made by `script/docs` from the schema that `generate schema` prints for editors. A file `topology.yaml` holds these
keys. A word in place of a mapping is its short form: `dns: none` is `dns: {provider: none}`, and a node may be just its
list of roles. A list of one needs no brackets. Every string, list or mapping is checked, and unknown keys are errors.

With `generate schema > topology.schema.json` and this first line in the topology, an editor that has the YAML language
server (VS Code's YAML extension, Neovim, Emacs, Helix, ...) completes, explains and checks all of it while you write:

    # yaml-language-server: $schema=topology.schema.json
"""

_Schema = dict[str, Any]

_ROLES, _SCENARIOS, _SYSTEMS, _REGIONS = "Roles", "Scenarios", "Operating systems", "Regions and zones"


def _one_of(word: str, title: str, several: str = "") -> str:
    return f"{word} of [these](#{title.lower().replace(' ', '-')}){several}"


_LISTED = {
    ("topology", "os"): _one_of("one", _SYSTEMS),
    ("topology", "scenario"): _one_of("one", _SCENARIOS),
    ("topology", "forward"): "a mapping of [services](#services) to a node's name, or a list of such",
    ("cloud", "region"): _one_of("one", _REGIONS),
    ("cloud", "zones"): _one_of("one", _REGIONS, ", or a list of such"),
    ("nodes.NAME", "roles"): _one_of("one", _ROLES, ", or a list of such"),
    ("nodes.NAME", "os"): _one_of("one", _SYSTEMS),
    ("nodes.NAME", "zone"): _one_of("one", _REGIONS),
}
"""What stands in the lists at the end, by title and key."""


def topology_reference() -> str:
    """Return the text of docs/topology.md."""
    schema = topology_schema()
    required = {key for part in (schema, *schema["allOf"]) for key in part.get("required", ())}
    return "\n".join([_HEAD, *_table({**schema, "required": required}, "Top level"), *_services()]) + "\n"


def _table(table: _Schema, title: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    if table.get("description"):
        yield f"{table['description'].rstrip('.')}."
        yield ""
    yield "| Key | Value | Default | Meaning |"
    yield "|---|---|---|---|"
    nested = []
    for name, found in table["properties"].items():
        need = (
            "required" if name in table.get("required", ()) else _code(found["default"]) if "default" in found else ""
        )
        yield f"| `{name}` | {_LISTED.get((table['title'], name)) or _value(found)} | {need} | {_meaning(found)} |"
        nested += [one for one in (found, found.get("additionalProperties")) if one and "properties" in one]
    yield ""
    for one in nested:
        yield from _table(one, one["title"])


def _value(found: _Schema) -> str:
    """Return what may stand there, as an editor says of a wrong value."""
    own = {**found, **found.get("oneOf", [{}])[0]}
    if "errorMessage" in own:
        return str(own["errorMessage"]).removeprefix("must be ").replace("|", "\\|")
    if words := own.get("enum") or own.get("items", {}).get("enum"):
        return " or ".join(_code(word) for word in words)
    if "properties" in own:
        short = f", or `{own['$comment']}` alone" if "$comment" in own else ""
        return f"[mapping](#{_anchor(own)}){short}"
    if "additionalProperties" in own:
        return f"mapping of names to [mappings](#{_anchor(own['additionalProperties'])})"
    return "a name"


def _meaning(found: _Schema) -> str:
    examples = ", ".join(
        f"`{json.dumps(one) if isinstance(one, list | dict) else one}`" for one in found.get("examples", ())
    )
    return f"{found['description'].rstrip('.')}{f'. Such as {examples}' if examples else ''}"


def _anchor(found: _Schema) -> str:
    return str(found["title"]).replace(".", "").lower()


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _services() -> Iterator[str]:
    facts = load_facts("26.6", "commercial")
    yield "## Services"
    yield ""
    yield "| Service | Port | On nodes with | Default |"
    yield "|---|---|---|---|"
    for service in facts.services.values():
        if not service.management_only:
            default = "on" if service.default else "off"
            yield f"| `{service.id}` | {service.protocol} {service.ports} | {service.role} | {default} |"
    yield ""
    yield f"## {_ROLES}"
    yield ""
    yield "In order of installation:"
    yield ""
    for release, edition in ((name, edition) for name, one in releases().items() for edition in one.editions):
        roles = ", ".join(f"`{role}`" for role in load_facts(release, edition).roles)
        yield f"- {release} {edition}: {roles}"
    yield ""
    yield f"## {_SCENARIOS}"
    yield ""
    yield "Each is a preset of nodes:"
    yield ""
    for release, edition in ((name, edition) for name, one in releases().items() for edition in one.editions):
        for scenario in load_facts(release, edition).scenarios.values():
            nodes = "; ".join(f"{name}: {', '.join(roles)}" for name, roles in scenario.nodes.items())
            yield f"- `{scenario.id}` ({release} {edition}): {nodes}"
    yield ""
    yield f"## {_SYSTEMS}"
    yield ""
    yield "The default first:"
    yield ""
    for name, one in releases().items():
        systems = [one.default_os, *(system for system in one.os if system != one.default_os)]
        yield f"- {name}: {', '.join(f'`{system}`' for system in systems)}"
    yield ""
    yield f"## {_REGIONS}"
    yield ""
    yield "With their availability zones, where a cloud has such:"
    yield ""
    for name, cloud in REGISTRY.items():
        for region, zones in load_cloud(name).regions.items():
            yield f"- {cloud.capabilities.title}: `{region}`{_zones(region, zones)}"


def _zones(region: str, zones: Sequence[str]) -> str:
    others = [zone for zone in zones if zone != region]
    return f" ({', '.join(f'`{zone}`' for zone in others)})" if others else ""
