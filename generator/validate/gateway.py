"""The gateway: what it forwards, its VPN, and nodes that cannot do without it."""

from collections.abc import Iterator

from generator.addressing import is_private, parse_network
from generator.context import Context
from generator.plan import GATEWAY
from generator.problems import Finding, hinted, listing, nearest
from generator.topology import VpnChoice


def check_gateway(context: Context) -> Iterator[Finding]:
    """Forwards, VPN, private nodes, and the gateway's own name and image."""
    topology = context.topology
    if context.has_gateway:
        yield from _own(context)
    elif topology.gateway.type or topology.gateway.image:
        mend = "Add exposure: gateway, or remove the key."
        yield Finding("no-gateway", ("gateway",), "there is no gateway in this deployment", mend, key=True)
    yield from _private(context)
    yield from _forwards(context)
    if topology.vpn is not None:
        yield from _vpn(topology.vpn, context)


def _own(context: Context) -> Iterator[Finding]:
    if GATEWAY in context.nodes:
        yield Finding(
            "reserved-name",
            ("nodes", GATEWAY),
            "gateway is the name of the machine that forwards",
            "Choose another name for this node.",
            key=True,
        )
    own, images = context.topology.cloud.images, context.cloud.images
    systems = [one for one in context.facts.hardware.gateway.systems if one in own or images[one].offered]
    if not systems and not context.topology.gateway.image:
        title = context.capabilities.title
        yield Finding(
            "no-image", ("exposure",), f"{title} offers no system for a gateway", "Name an image under gateway."
        )


def _private(context: Context) -> Iterator[Finding]:
    if context.shared_address:
        return
    for name, node in context.nodes.items():
        path = ("nodes", name, "private")
        if node.private and not context.capabilities.managed_nat:
            yield Finding(
                "private-without-gateway",
                path,
                f"{name} is private, and {context.capabilities.title} has no way out for machines without an address",
                "Add exposure: gateway, or remove private.",
                key=True,
            )
        elif node.private and "mta" in node.roles:
            yield Finding(
                "private-sender",
                path,
                f"{name} sends mail and is private: neither SPF nor a reverse name would know its address",
                "Add exposure: gateway, or remove private.",
                key=True,
            )


def _forwards(context: Context) -> Iterator[Finding]:
    if context.topology.forward and not context.shared_address:
        yield Finding(
            "no-gateway", ("forward",), "nothing forwards without exposure: gateway", "Remove forward.", key=True
        )
    for name, nodes in context.topology.forward.items():
        path = ("forward", name)
        service = context.facts.services.get(name)
        if service is None or service.management_only:
            known = [one.id for one in context.facts.services.values() if not one.management_only]
            hint, mend = hinted(name, known, f"Services: {', '.join(known)}.")
            yield Finding("unknown-service", path, f'"{name}" is not a service{hint}', mend, key=True)
            continue
        if not nodes:
            yield Finding("no-forward", path, f"no node is named for {name}", "Name one, or remove the key.", key=True)
        if not context.topology.services.get(name, service.default):
            mend = f"Add {name}: true under services, or remove it here."
            yield Finding("closed-service", path, f"{name} is forwarded and not open", mend, key=True)
        for index, node in enumerate(nodes):
            here = (*path, index)
            if node not in context.nodes:
                mend = f"Nodes: {', '.join(context.nodes)}."
                yield Finding("unknown-node", here, f'"{node}" is not a node{nearest(node, list(context.nodes))}', mend)
            elif service.role not in context.nodes[node].roles:
                carriers = context.carriers(service.role)
                mend = f"Nodes with it: {listing(carriers)}." if carriers else "No node has it."
                yield Finding("forward-without-role", here, f"{node} lacks the role {service.role} of {name}", mend)
            elif context.nodes[node].private:
                mend = "Remove private from the node, or the node from here."
                yield Finding("forward-to-private", here, f"{node} is private, and {name} comes from outside", mend)
            elif node in nodes[:index]:
                yield Finding("forward-twice", here, f"{node} stands twice", "Remove one of them.")


def _vpn(vpn: VpnChoice, context: Context) -> Iterator[Finding]:
    tunnel = parse_network(vpn.range)
    path = ("vpn", "range")
    network = parse_network(context.topology.network.cidr)
    if not is_private(tunnel):
        mend = "Use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
        yield Finding("vpn-range", path, f"{tunnel} is not a private range", mend)
    if tunnel.overlaps(network):
        yield Finding("vpn-range", path, f"{tunnel} overlaps the network {network}", "Choose another range.")
    room = tunnel.num_addresses - 3
    if len(vpn.peers) > room:
        why = f"{tunnel} has room for {max(room, 0)} peers beside the gateway; there are {len(vpn.peers)}"
        yield Finding("vpn-range", path, why, "Choose a wider range.")
    video = context.facts.services.get("video")
    taken = {"53": "DNS inside"} | ({video.ports: "video"} if video is not None and context.carriers("video") else {})
    for ports, user in taken.items():
        first, _, last = ports.partition("-")
        if int(first) <= vpn.port <= int(last or first):
            mend = "Choose another port, such as 51820."
            yield Finding("vpn-port", ("vpn", "port"), f"UDP {vpn.port} belongs to {user} ({ports})", mend)
    if vpn.only and not vpn.peers:
        why = "only peers may reach SSH, and there is no peer"
        yield Finding("vpn-without-peers", ("vpn",), why, "Add a peer, or remove only.", key=True)
    before: dict[str, str] = {}
    for name, key in vpn.peers.items():
        if key in before:
            why = f"{name} has the key of {before[key]}"
            yield Finding("vpn-key-twice", ("vpn", "peers", name), why, "Every peer needs a key of its own.")
        before.setdefault(key, name)
