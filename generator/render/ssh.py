"""An SSH client configuration that reaches every node."""

from generator.plan import Plan

_BY_NAME = (
    "# Exposed machines are found by name. Until the zone is delegated, use addresses instead:",
    "#   terraform output -raw ssh_config > ssh_config.local && ssh -F ssh_config.local NODE",
)
_BY_ADDRESS = ("# Exposed machines are reached by the addresses that the topology states.",)
_BY_TUNNEL = ("# All machines are reached by their private addresses, through the VPN.",)
_BY_ROUTE = ("# All machines are reached by their private addresses, from the ranges of management.",)


def configure_command(node: str) -> str:
    """Return the shell command that brings a node its data, run beside `ssh_config`."""
    return f"ssh -F ssh_config {node} sudo /usr/local/sbin/carbonio-node-configure - < nodes/{node}.json"


def ssh_config(plan: Plan) -> str:
    """Return the text of `ssh_config`: names for exposed machines, the jump machine for the others."""
    lines = [
        f"# Nodes of {plan.deployment.domain}: ssh -F ssh_config NODE",
        *_way(plan),
    ]
    for node in plan.nodes.values():
        lines += ["", f"Host {node.name} {node.fqdn}", f"    User {node.login_user}"]
        # Private addresses are used again, by other machines and in other deployments.
        lines.append(f"    HostKeyAlias {node.fqdn}")
        public = node.stated_address or node.fqdn
        lines.append(f"    HostName {public if node.login_address == 'public' else node.address}")
        if node.jump:
            lines.append(f"    ProxyJump {node.jump}")
    return "\n".join(lines) + "\n"


def _way(plan: Plan) -> tuple[str, ...]:
    exposed = [node for node in plan.nodes.values() if node.login_address == "public"]
    if exposed:
        return _BY_ADDRESS if all(node.stated_address for node in exposed) else _BY_NAME
    return _BY_ROUTE if plan.gateway is None else _BY_TUNNEL
