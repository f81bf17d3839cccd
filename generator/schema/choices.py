"""What may stand at a place because of what stands at another: by release and edition, by cloud, by region."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from generator.capabilities import DnsProvider
from generator.clouds import DNS_PROVIDERS, REGISTRY
from generator.facts import CloudFacts, Facts, MachineType, Service, load_cloud, load_facts, releases
from generator.schema.shapes import Schema, Words, listed, one, optional
from generator.topology import Topology

_EXPOSURES = {
    "direct": "every node that the Internet reaches has a public address of its own",
    "gateway": "one more machine has the only public address and forwards; the nodes have none",
    "external": "your own router has the public address and forwards",
}


def words() -> Words:
    """Return the words that may stand at a place, whatever stands elsewhere."""
    return {
        ("release",): {
            alias: f"Carbonio {name}"
            for name, release in reversed(list(releases().items()))
            for alias in sorted((name, *release.aliases), key=len)
        },
        ("cloud", "provider"): {name: cloud.capabilities.title for name, cloud in REGISTRY.items()},
        ("exposure",): _EXPOSURES,
        ("dns", "provider"): {name: _hosts(provider) for name, provider in DNS_PROVIDERS.items()},
    }


def choices() -> Iterator[Schema]:
    """Yield conditions, each with what follows from it."""
    everything = []
    known: list[str] = []
    for name, release in releases().items():
        known += (name, *release.aliases)
        for edition in release.editions:
            facts = load_facts(name, edition)
            everything.append(facts)
            others = {"not": {"enum": [other for other in release.editions if other != edition]}}
            chosen = others if edition == _default_edition() else {"const": edition}
            required = ["release"] if edition == _default_edition() else ["release", "edition"]
            when = {"release": {"enum": [name, *release.aliases]}, "edition": chosen}
            yield {"if": {"properties": when, "required": required}, "then": _of_release([facts])}
    unknown = {"properties": {"release": {"enum": known}}, "required": ["release"]}
    yield {"if": unknown, "else": _of_release(everything)}
    for name, cloud in REGISTRY.items():
        found = load_cloud(name)
        yield {"if": _on(name), "then": _of_cloud(found, cloud.capabilities.exposures)}
        for region, zones in found.regions.items():
            condition = _on(name, region) if len(found.regions) > 1 else _on(name)
            yield {"if": condition, "then": _of_region(zones)}


def required_together() -> Iterator[Schema]:
    """Yield what is required, or excluded, because of other keys."""
    # The mail volumes depend on it, and no deployment is without a mail store.
    yield {"required": ["mailbox_quota"]}
    yield {"properties": {"management": {"minItems": 1}}}
    yield {
        "if": {"properties": {"scenario": {"type": "string"}}, "required": ["scenario"]},
        "then": {
            "properties": {
                "nodes": {"additionalProperties": False, "errorMessage": "nodes and scenario exclude each other"}
            },
            "required": ["users"],
        },
        "else": {
            "properties": {"nodes": {"type": "object", "minProperties": 1, "errorMessage": "must have a node"}},
            "required": ["nodes"],
            "errorMessage": "nodes is missing: write nodes, or name a scenario",
        },
    }
    pair = {"properties": {"existing_key_pair": {"type": ["string", "number"]}}, "required": ["existing_key_pair"]}
    yield {
        "if": {"properties": {"cloud": {"type": "object", **pair}}, "required": ["cloud"]},
        "else": {"properties": {"ssh_keys": {"minItems": 1}}, "required": ["ssh_keys"]},
    }


def _of_release(several: Sequence[Facts]) -> Schema:
    """Return what holds for a release and edition, or for all of them together."""
    role = one({role.id: role.title for facts in several for role in facts.roles.values()})
    system = optional(one({one.id: one.title for facts in several for one in facts.operating_systems.values()}))
    scenarios = {one.id: one.title for facts in several for one in facts.scenarios.values()}
    services = {
        service.id: service for facts in several for service in facts.services.values() if not service.management_only
    }
    roles = {**listed(role), "minItems": 1, "uniqueItems": True}
    nodes: Schema = {"additionalProperties": {"properties": {"roles": roles, "os": system}, **roles}}
    if len(several) == 1 and several[0].rules.max_nodes is not None:
        nodes["maxProperties"] = several[0].rules.max_nodes
    return {
        "properties": {
            "os": system,
            "scenario": optional(one(scenarios)),
            "services": _named({name: {"description": _about(service)} for name, service in services.items()}),
            "forward": _named({name: {} for name in services}),
            "nodes": nodes,
        }
    }


def _of_cloud(facts: CloudFacts, exposures: Sequence[str]) -> Schema:
    choice: Schema = {"properties": {"region": optional(one(dict.fromkeys(facts.regions, "")))}}
    choice["properties"]["images"] = {"propertyNames": one(dict.fromkeys(facts.images, ""))}
    if len(facts.regions) > 1:
        text = f"needs a region, as in: {{provider: {facts.provider}, region: ...}}"
        choice |= {"type": "object", "required": ["region"], "errorMessage": text}
    found = {
        "cloud": choice,
        "exposure": optional(one({name: _EXPOSURES[name] for name in exposures})),
    }
    # Proposed, not required: with --online the cloud may know more types than the facts.
    types = [_proposal(machine) for machine in facts.types if _usable(machine)]
    if types:
        machine: Schema = {"properties": {"type": {"defaultSnippets": types}}}
        found |= {"nodes": {"additionalProperties": machine}, "gateway": machine}
    return {"properties": found}


def _of_region(zones: Sequence[str]) -> Schema:
    zone = one(dict.fromkeys(zones, ""))
    return {
        "properties": {
            "cloud": {"properties": {"zones": listed(zone)}},
            "nodes": {"additionalProperties": {"properties": {"zone": optional(zone)}}},
        }
    }


def _on(provider: str, region: str = "") -> Schema:
    """Return the condition that the machines stand on a cloud, in a region of it."""
    place = {"provider": {"const": provider}, **({"region": {"const": region}} if region else {})}
    cloud: Schema = {"type": "object", "properties": place, "required": list(place)}
    return {
        "properties": {"cloud": cloud if region else {"anyOf": [{"const": provider}, cloud]}},
        "required": ["cloud"],
    }


def _named(properties: Mapping[str, Schema]) -> Schema:
    return {"properties": dict(properties), "additionalProperties": False}


def _about(service: Service) -> str:
    default = "Open to everybody unless said otherwise" if service.default else "Closed unless asked for"
    return f"{service.title}: {service.protocol} {service.ports}, on nodes with the role {service.role}. {default}."


def _proposal(machine: MachineType) -> Schema:
    size = f"{machine.vcpu} vCPU, {machine.memory_gib:g} GiB"
    return {"label": machine.name, "description": size, "body": machine.name}


def _usable(machine: MachineType) -> bool:
    """Tell whether a type is worth proposing."""
    return machine.architecture == "x86_64" and not machine.retired and not machine.burstable


def _hosts(provider: DnsProvider) -> str:
    return "Terraform keeps the records there" if provider.modules else "you publish the records yourself"


def _default_edition() -> str:
    return str(next(field.default for field in msgspec.structs.fields(Topology) if field.name == "edition"))
