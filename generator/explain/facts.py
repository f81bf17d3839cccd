"""Ports, roles and services, as the documents of a release have them."""

import re
from collections.abc import Iterator

from generator.explain.answer import About, Answer, Section, section, sources, unique
from generator.facts import EVERY_NODE, Facts, PortRow, ProcedurePort, load_facts, releases
from generator.plan import Flow, Plan

_LAST_PORT = 65535


def about_port(word: str, about: About) -> Iterator[Answer]:
    """Yield what a port is for: `6071`, `6071/tcp` or `tcp/6071`, or each of a range: `20000-40000`."""
    match = re.fullmatch(r"(?:(tcp|udp)/)?(\d{1,5}(?:-\d{1,5})?)(?:/(tcp|udp))?", word)
    if match is None:
        return
    protocol, number = match[1] or match[3] or "", match[2]
    if any(int(one) > _LAST_PORT for one in number.split("-")):
        yield Answer(f"{word}: no port", (f"Ports end at {_LAST_PORT}.",))
        return
    rows: list[PortRow | ProcedurePort] = [*about.facts.external, *about.facts.internal]
    rows += about.facts.procedure_ports
    found = [row for row in rows if _holds(row.ports, row.protocol, number, protocol)]
    flows = (
        [flow for flow in about.plan.flows if _holds(flow.ports, flow.protocol, number, protocol)] if about.plan else []
    )
    if not found and not flows:
        text = f"No table of {about.label} names it, so it is closed, from outside and between the nodes."
        yield Answer(f"port {word}", (text,))
        return
    external, internal = set(about.facts.external), set(about.facts.internal)
    yield Answer(
        f"port {word} in {about.label}",
        unique([_service_note(row, about.facts) for row in about.facts.external if row in found]),
        (
            *section("In the table of external ports", [_row(row) for row in found if row in external]),
            *section("In the table of internal ports", [_row(row) for row in found if row in internal]),
            *section(
                "In a documented procedure, and in no table",
                [f"from {row.from_}: {_row(row)}" for row in found if isinstance(row, ProcedurePort)],
            ),
            *flows_section("Open in this deployment", flows, about.plan),
            *_by_ssh(found, flows, about),
        ),
        sources([*(row.source for row in found), *(text for flow in flows for text in flow.documents)]),
    )


def _by_ssh(found: list[PortRow | ProcedurePort], flows: list[Flow], about: About) -> tuple[Section, ...]:
    """Return how administrators reach what is for them alone, where nothing leads there from outside."""
    services = [one for one in about.facts.services.values() if one.management_only]
    ports = {(one.role, one.ports) for one in services} & {(row.roles[0], row.ports) for row in found}
    if about.plan is None or not ports or any(flow.source in ("management", "vpn", "gateway") for flow in flows):
        return ()
    lines = [
        f"ssh -F ssh_config -L {port}:localhost:{port} {name}"
        for role, port in sorted(ports)
        for name in about.plan.carriers(role)
    ]
    return section("Not open from outside in this deployment; through SSH", lines)


def _holds(ports: str, protocols: str, asked: str, protocol: str) -> bool:
    """Return whether one of the ports that are asked for is among some."""
    first, _, last = ports.partition("-")
    if not first.isdigit() or protocols == "icmp":
        return False
    least, _, most = asked.partition("-")
    meets = int(first) <= int(most or least) and int(least) <= int(last or first)
    return meets and (not protocol or protocol in protocols.split("+"))


def _row(row: PortRow | ProcedurePort) -> str:
    roles = "every node" if row.roles == (EVERY_NODE,) else ", ".join(row.roles)
    return f"{row.protocol} {row.ports} on {roles}: {row.service}"


def _service_note(row: PortRow, facts: Facts) -> str:
    for service in facts.services.values():
        if row in facts.external_rows(service.id):
            return f"{service.id}: {_openness(service.id, facts)}"
    return ""


def _openness(name: str, facts: Facts) -> str:
    service = facts.services[name]
    if service.management_only:
        return "open to management and to nobody else; never forwarded by a gateway or a router."
    if service.default:
        return f"open to the Internet unless the topology says otherwise (services: {{{name}: false}})."
    return f"closed until the topology asks for it (services: {{{name}: true}})."


def about_role(word: str, about: About) -> Iterator[Answer]:
    """Yield what a role does, needs and opens."""
    role = about.facts.roles.get(word)
    if role is None:
        there = [label for label, facts in _everywhere() if word in facts.roles]
        if there:
            yield Answer(f"{word}: a role", (f"{about.label} does not have it. It exists in {', '.join(there)}.",))
        return
    hardware = about.facts.hardware.roles.get(word)
    needs = [f"needs {', '.join(role.requires)} on some node"] if role.requires else []
    needs += ["some node must have it"] if role.mandatory else []
    needs += [f"at most {role.max_nodes} node{'s' * (role.max_nodes > 1)} may have it"] if role.max_nodes else []
    needs += ["one, three or five nodes: an even number cannot outvote a failure"] if role.odd else []
    needs += [f"not on a node with {', '.join(role.not_on_node_with)}"] if role.not_on_node_with else []
    size = []
    if hardware is not None:
        size = [f"{hardware.memory_gib} GB of memory beside the node's own"]
        size += [f"a system disk of at least {hardware.os_disk_gib} GB"] if hardware.os_disk_gib else []
    services = [
        f"{one.id}: {_openness(one.id, about.facts)}" for one in about.facts.services.values() if one.role == word
    ]
    packages = [f"{family}: {' '.join(names)}" for family, names in role.packages.items()]
    yield Answer(
        f"{word}: {role.title}, a role of {about.label}",
        (),
        (
            *section("Rules", needs),
            *section("Size", size),
            *section("Services", services),
            *section("Open from the cluster", [_row(row) for row in about.facts.internal if word in row.roles]),
            *section("Packages", packages),
            *flows_section("Open in this deployment", _outer(word, about.plan), about.plan),
            *_carriers(word, about.plan),
        ),
        sources([role.source, hardware.source if hardware else ""]),
    )


def _outer(role: str, plan: Plan | None) -> list[Flow]:
    flows = plan.flows if plan is not None else ()
    return [flow for flow in flows if flow.target == role and flow.source != "cluster"]


def about_service(word: str, about: About) -> Iterator[Answer]:
    """Yield what a service is and whom it is open to."""
    word = word.removeprefix("services.")
    service = about.facts.services.get(word)
    if service is None:
        return
    flows: list[Flow] = []
    if about.plan is not None:
        wanted = (service.role, service.ports, service.protocol)
        flows = [one for one in about.plan.flows if (one.target, one.ports, one.protocol) == wanted]
        flows = [one for one in flows if one.source != "cluster"]
    rows = about.facts.external_rows(word)
    yield Answer(
        f"{word}: {service.title}, a service of {about.label}",
        (f"{service.protocol} {service.ports} on nodes with {service.role}; {_openness(word, about.facts)}",),
        flows_section("Open in this deployment", flows, about.plan),
        sources([service.source, *(row.source for row in rows)]),
    )


def flows_section(title: str, flows: list[Flow], plan: Plan | None) -> tuple[Section, ...]:
    """Return flows in words, with the nodes that they reach."""
    lines = []
    for flow in flows:
        nodes = plan.carriers(flow.target) if plan is not None else []
        reached = "every node" if flow.target == EVERY_NODE else flow.target
        reached += f" ({', '.join(nodes)})" if nodes else ""
        source = ", ".join(flow.ranges) if flow.source == "listed" else flow.source
        lines.append(f"{source} -> {reached}, {flow.protocol} {flow.ports}: {'; '.join(flow.services)} ({flow.why})")
    return section(title, lines)


def _carriers(role: str, plan: Plan | None) -> tuple[Section, ...]:
    return section("Nodes with it", plan.carriers(role) if plan is not None else [])


def _everywhere() -> Iterator[tuple[str, Facts]]:
    for name, release in releases().items():
        for edition in release.editions:
            yield f"{name} {edition}", load_facts(name, edition)
