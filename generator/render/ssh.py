"""An SSH client configuration that reaches every node."""

from generator.plan import Plan


def ssh_config(plan: Plan) -> str:
    """Return the text of `ssh_config`: names for exposed nodes, the jump node for the others."""
    lines = [
        f"# Nodes of {plan.deployment.domain}: ssh -F ssh_config NODE",
        "# Exposed nodes are found by name. Until the zone is delegated, use addresses instead:",
        "#   terraform output -raw ssh_config > ssh_config.local && ssh -F ssh_config.local NODE",
    ]
    for node in plan.nodes.values():
        lines += ["", f"Host {node.name} {node.fqdn}", f"    User {node.login_user}"]
        if node.public:
            lines.append(f"    HostName {node.fqdn}")
        else:
            lines += [f"    HostName {node.address}", f"    ProxyJump {node.jump}"]
    return "\n".join(lines) + "\n"
