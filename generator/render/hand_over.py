"""The hand-over sheet: what was built, what to do next, what to write down.

Plain functions and no template: compiling one of this size took longer than anything else in a run.
"""

from collections.abc import Iterable, Iterator, Sequence

from generator.plan import GATEWAY, Flow, Forward, InstallCommand, Plan, PlannedNode
from generator.render.hand_over_dns import dns
from generator.render.ssh import configure_command
from generator.render.wireguard import client

_OUTSIDE = ("internet", "listed", "management", "vpn", GATEWAY)
_ADMIN_PANEL = "6071"
_SAID = {"internet": "the Internet", "vpn": "the VPN", GATEWAY: "the gateway"}


def hand_over(plan: Plan) -> str:
    """Return `hand-over.md`; addresses that exist after apply stand as `@@public:<node>@@`."""
    parts = (
        _head,
        _nodes,
        _volumes,
        _ports,
        _router,
        _uplink,
        _vpn,
        dns,
        _before,
        _installation,
        _values,
        _added,
        _later,
    )
    return "\n".join(line for part in parts for line in part(plan)) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _head(plan: Plan) -> Iterator[str]:
    deployment, number = plan.deployment, sum(not node.is_gateway for node in plan.nodes.values())
    nodes = "node" if number == 1 else "nodes"
    yield f"# Hand-over: {deployment.domain}"
    yield ""
    yield f"Carbonio {deployment.release} ({deployment.edition}) on {number} {nodes}."
    if plan.gateway is not None and plan.gateway.way_out:
        yield "Whatever comes from the Internet, and whatever leaves for it, passes the gateway."
    if any(node.public_address and not node.stated_address for node in plan.nodes.values()):
        yield "`terraform output -raw hand_over` prints this sheet with the public addresses filled in."
    yield ""


def _public(node: PlannedNode) -> str:
    """Return a machine's public address, or what stands for it until the apply."""
    return node.stated_address or f"@@public:{node.name}@@"


def _nodes(plan: Plan) -> Iterator[str]:
    def row(node: PlannedNode) -> tuple[str, ...]:
        public = _public(node) if node.public_address else "none"
        return node.name, node.fqdn, node.address, public, ", ".join(node.roles), node.os, node.machine.type

    yield "## Nodes"
    yield ""
    header = ("Node", "Name", "Private address", "Public address", "Roles", "System", "Machine")
    yield from _table(header, map(row, plan.nodes.values()))
    yield (
        "Log in with `ssh -F ssh_config NODE`; commands marked *root* run after `sudo -i`, "
        "commands marked *zextras* after `su - zextras`."
    )
    yield ""


def _volumes(plan: Plan) -> Iterator[str]:
    if not plan.volumes:
        return
    yield "## Data volumes"
    yield ""
    rows = ((one.node, one.key, f"{one.size_gib} GB", one.mount) for one in plan.volumes.values())
    yield from _table(("Node", "Volume", "Size", "Mounted at"), rows)


def _forwards(plan: Plan) -> tuple[Forward, ...]:
    """Return what the gateway forwards, or the operator's router."""
    forwarder = plan.gateway or plan.router
    return forwarder.forwards if forwarder is not None else ()


def _ports(plan: Plan) -> Iterator[str]:
    forwarded = {flow for one in _forwards(plan) for flow in one.flows}
    behind = plan.gateway is not None and plan.gateway.way_out

    def by_route(flow: Flow) -> bool:
        return behind and flow.source == "management" and flow.target != GATEWAY and flow.id not in forwarded

    def row(flow: Flow) -> tuple[str, ...]:
        source = _SAID.get(flow.source) or ", ".join(flow.ranges) + " by your own route" * by_route(flow)
        targets = plan.carriers(flow.target)
        if len(targets) > 1 and flow.target != GATEWAY:
            forwards = [one for one in _forwards(plan) if flow.id in one.flows]
            split = [f"{', '.join(one.targets)}" + (f" ({one.ports})" * (len(forwards) > 1)) for one in forwards]
            targets = split or targets
        return flow.ports, flow.protocol, source, ", ".join(targets) or "every node", "; ".join(flow.services)

    outside = [flow for flow in plan.flows if flow.source in _OUTSIDE and flow.protocol != "icmp"]
    outside.sort(key=lambda flow: (_OUTSIDE.index(flow.source), flow.protocol, int(flow.ports.partition("-")[0])))
    yield "## Ports reachable from outside"
    yield ""
    yield from _table(("Port", "Protocol", "From", "Goes to", "For"), map(row, outside))
    if plan.gateway is not None and plan.gateway.way_out:
        vpn = " or the VPN" if plan.gateway.vpn is not None else ""
        yield "The gateway forwards what comes from the Internet; the nodes see the client's own address, by which they"
        yield f"share a port. It never forwards {_ADMIN_PANEL}, the Admin Panel: that is reached through SSH{vpn}."
        if any(map(by_route, outside)):
            yield "The nodes admit private ranges of administrators too, but the gateway brings nothing from there: it"
            yield f"takes a route of yours into {plan.gateway.network}."
        yield ""
    yield "A node without a public address is reached through SSH: `ssh -F ssh_config -L 3000:localhost:3000 NODE`"
    yield "brings its port 3000 to `http://localhost:3000`; port 6071 of a node with the proxy, brought likewise, is"
    yield "the Admin Panel: `https://localhost:6071`."
    yield ""
    if any(not plan.nodes[name].is_gateway for name in plan.host_firewalls):
        yield "Every machine has a firewall of its own with these rules. To find a fault without it:"
        yield "`sudo /usr/local/sbin/carbonio-node-configure --firewall off` on the node, and `on` afterwards."
        yield ""
    yield "Between the nodes the ports of the internal tables are open, SSH (22) among them; `generate plan` has them."
    yield ""


def _router(plan: Plan) -> Iterator[str]:
    """Yield the forward table for the operator's own router."""
    if plan.router is None:
        return

    def row(forward: Forward) -> tuple[str, ...]:
        sources = "the Internet" if "0.0.0.0/0" in forward.sources else ", ".join(forward.sources)
        targets = " or ".join(f"{address} ({name})" for name, address in forward.targets.items())
        return forward.ports, forward.protocol, sources, targets, "; ".join(forward.services)

    public = plan.router.public_address
    yield "## Forwards on your router"
    yield ""
    yield f"The nodes' default route leads to {plan.router.address}. What comes to {public} has to be forwarded so,"
    yield f"with the client's own address kept, and what the nodes send has to leave as {public}:"
    yield ""
    yield from _table(("Port", "Protocol", "From", "To the same port of", "For"), map(row, plan.router.forwards))
    yield "Nothing else, and never 22 or 6071. Between the administrators' networks and the nodes it routes, without"
    yield f"translation: {', '.join(plan.deployment.management)} and {plan.deployment.network}."
    yield "Where two nodes are named, use one of them or spread by the client's address. Inside, the names of the"
    yield f"deployment lead to private addresses: nothing there needs {public}."
    yield ""


def _uplink(plan: Plan) -> Iterator[str]:
    """Yield what somebody before the gateway has to forward, where its uplink lacks the public address."""
    gateway = plan.nodes.get(GATEWAY)
    card = next((one for one in gateway.links if one.name == "uplink" and not one.address), None) if gateway else None
    if plan.gateway is None or gateway is None or card is None:
        return
    forwarded = {flow for one in plan.gateway.forwards for flow in one.flows}
    wanted = [
        flow
        for flow in plan.flows
        if flow.protocol != "icmp"
        and (flow.id in forwarded or (flow.target == GATEWAY and flow.source in ("internet", "listed", "management")))
    ]
    rows = [
        (flow.ports, flow.protocol, _SAID.get(flow.source) or ", ".join(flow.ranges), "; ".join(flow.services))
        for flow in sorted(wanted, key=lambda flow: (flow.protocol, int(flow.ports.partition("-")[0])))
    ]
    public = gateway.stated_address
    yield "## Forwards to the gateway"
    yield ""
    yield f"{public} is no address of its interface, which asks DHCP. Reserve an address for {card.mac} there;"
    yield f"what comes to {public} has to be forwarded to it, with the client's own address kept, and what it sends"
    yield f"has to leave as {public}:"
    yield ""
    yield from _table(("Port", "Protocol", "From", "For"), rows)


def _vpn(plan: Plan) -> Iterator[str]:
    """Yield how a peer gets into the VPN: its own key never leaves it, the gateway's is asked for."""
    if plan.gateway is None or plan.gateway.vpn is None:
        return
    vpn = plan.gateway.vpn
    yield "## VPN"
    yield ""
    yield "The gateway made its key itself. This prints the public one, which every peer needs:"
    yield ""
    yield "    ssh -F ssh_config gateway sudo wg show wg0 public-key"
    yield ""
    if plan.nodes[GATEWAY].login_address == "private":
        yield "SSH works through the tunnel alone: whoever is in it prints the key for a further peer, or copies it"
        yield "from the file of a peer that has it."
        yield ""
    panels = [one for passage in vpn.passages if passage.ports == _ADMIN_PANEL for one in passage.targets.values()]
    if panels:
        addresses = " or ".join(f"`https://{address}:{_ADMIN_PANEL}`" for address in panels)
        yield f"Through the tunnel the Admin Panel is {addresses}."
        yield ""
    for peer in vpn.peers:
        yield f"Configuration of {peer.name} (its private key and the gateway's public key are left open):"
        yield ""
        yield "```ini"
        yield client(
            vpn, peer, plan.gateway.network, _public(plan.nodes[GATEWAY]), "<public key of the gateway>"
        ).rstrip()
        yield "```"
        yield ""


def _before(plan: Plan) -> Iterator[str]:
    yield "## Before the installation"
    yield ""
    yield from (f"- {notice}" for notice in plan.notices)
    yield "- The first boot fetches updates and packages, which takes some minutes. On every node,"
    yield "  `sudo cloud-init status --wait` returns when it is over. Then `sudo /usr/local/sbin/carbonio-node-check`"
    yield "  must report no failure."
    yield ""


def _installation(plan: Plan) -> Iterator[str]:
    yield "## Installation"
    yield ""
    yield plan.install.order
    yield ""
    for number, entry in enumerate(plan.install.nodes, 1):
        yield f"### {number}. {plan.nodes[entry.node].fqdn}"
        yield ""
        yield from _steps(entry.steps)
    yield "## After all nodes"
    yield ""
    for names, steps in _after(plan):
        every = len(names) == len(plan.install.nodes) > 1
        yield "### Every node" if every else f"### {', '.join(plan.nodes[name].fqdn for name in names)}"
        yield ""
        yield from _steps(steps)
    yield "Not part of this sheet, see Carbonio's administration guides: the licence (commercial edition), the TLS"
    yield f"certificate of {plan.dns.public_name}, backup. Then send a mail out and receive one."
    yield ""


def _after(plan: Plan) -> Iterator[tuple[list[str], list[InstallCommand]]]:
    """Yield nodes and their last steps: first the steps that several have alike, then each node's own."""
    carriers: dict[InstallCommand, list[str]] = {}
    for entry in plan.install.after:
        for step in entry.steps:
            carriers.setdefault(step, []).append(entry.node)
    alike = {step: names for step, names in carriers.items() if len(names) > 1}
    for names in dict.fromkeys(map(tuple, alike.values())):
        yield list(names), [step for step in alike if tuple(alike[step]) == names]
    for entry in plan.install.after:
        own = [step for step in entry.steps if step not in alike]
        if own:
            yield [entry.node], own


def _steps(steps: Iterable[InstallCommand]) -> Iterator[str]:
    """Yield the steps; each command is a block of its own, as some ask questions when they run."""
    for number, step in enumerate(steps, 1):
        yield f"{number}. {step.title} (as *{step.user}*){':' if step.commands else ''}"
        yield ""
        for command in step.commands:
            yield from ("   ```sh", f"   {command}", "   ```", "")
        if step.note:
            yield from (f"   {step.note}", "")


def _values(plan: Plan) -> Iterator[str]:
    yield "## Values to write down"
    yield ""
    yield "Keep them in a safe place until the installation is complete."
    yield ""
    rows = (
        (
            f"{value.title}{' (secret)' if value.secret else ''}",
            f"{value.origin} ({', '.join(value.nodes)})",
            f"`{value.command}` as {value.user}" if value.command else "",
            ", ".join(value.needed_by),
            "",
        )
        for value in plan.install.values
    )
    yield from _table(("Value", "Where it comes from", "Command", "Needed on", "Value written down"), rows)


def _added(plan: Plan) -> Iterator[str]:
    """Yield what a later node needs of this sheet, which tells everything for all of them."""
    yield "## A node that is added later"
    yield ""
    yield "1. `generate && terraform apply`, then bring their data to the nodes that `generate` lists."
    if _forwards(plan):
        yield "   Where it shares a port with others, `forward` names those alone until Carbonio serves on it."
    yield "2. On it, `sudo cloud-init status --wait`, then `sudo /usr/local/sbin/carbonio-node-check`."
    yield "3. Its own part of *Installation* and of *After all nodes*, with the values that were written down. What"
    yield "   stands there for every node, the SSH keys, is done on all of them again."
    yield "4. Compare *DNS* with what is published: a node with mta or proxy brings records, or another reverse name."
    yield ""


def _later(plan: Plan) -> Iterator[str]:
    yield "## When a node's data changes"
    yield ""
    yield "After a later `generate && terraform apply`, bring a node's new data to it; that restarts nothing."
    yield "`generate` names the nodes that need it; elsewhere the command changes nothing:"
    yield ""
    for node in plan.nodes:
        yield f"    {configure_command(node)}"
