"""Files in /etc of one machine that follow from the plan: firewall, DNS inside, what makes it the gateway."""

from generator.plan import Plan, PlannedNode
from generator.render.dnsmasq import dnsmasq
from generator.render.firewalld import firewalld
from generator.render.nftables import nftables
from generator.render.wireguard import interface

_MARK = "# Written by generate: change the topology instead, then write this anew."

_SYSCTL = (
    _MARK,
    "",
    "# It forwards between the nodes and the Internet.",
    "net.ipv4.ip_forward = 1",
    "",
    "# With one interface for both sides, the kernel would tell the nodes of shorter ways that they do not have.",
    "net.ipv4.conf.all.send_redirects = 0",
    "net.ipv4.conf.default.send_redirects = 0",
    "net.ipv4.conf.*.send_redirects = 0",
    "net.ipv4.conf.all.accept_redirects = 0",
    "net.ipv4.conf.default.accept_redirects = 0",
    "",
    "# Loose: a management range may arrive by another way than the default route. nftables is strict about",
    "# the addresses of the network itself.",
    "net.ipv4.conf.all.rp_filter = 2",
    "",
    "# Every connection of every node is tracked here: 262144 of them take about 80 MiB.",
    "net.netfilter.nf_conntrack_max = 262144",
    "# A day instead of five, so that connections which nobody closed do not fill the table.",
    "net.netfilter.nf_conntrack_tcp_timeout_established = 86400",
    "# Media streams that pause, such as a muted call, keep their way.",
    "net.netfilter.nf_conntrack_udp_timeout = 60",
    "net.netfilter.nf_conntrack_udp_timeout_stream = 300",
)
_MODULES = (
    _MARK,
    "# Early, or there would be nothing to set for nf_conntrack when the kernel's parameters are.",
    "nf_conntrack",
)
_MODPROBE = (
    _MARK,
    "# A quarter of nf_conntrack_max: four connections in each place of the table.",
    "options nf_conntrack hashsize=65536",
)


def host_files(plan: Plan, node: PlannedNode) -> dict[str, tuple[str, ...]]:
    """Return all of them for one machine: lines without line ends by path, sorted by path.

    Args:
        plan: The whole plan.
        node: One of its machines.
    """
    files: dict[str, tuple[str, ...]] = {}
    gateway = plan.gateway if node.is_gateway else None
    firewall = plan.host_firewalls.get(node.name)
    if firewall and firewall.kind == "nftables":
        files["/etc/nftables.conf"] = nftables(firewall, gateway)
    elif firewall:
        files.update(firewalld(firewall))
    if plan.resolver and node.name in plan.resolver.addresses:
        files["/etc/dnsmasq.d/carbonio.conf"] = dnsmasq(plan.resolver, plan.resolver.addresses[node.name])
    if gateway:
        files["/etc/sysctl.d/60-carbonio-gateway.conf"] = _SYSCTL
        files["/etc/modules-load.d/carbonio-gateway.conf"] = _MODULES
        files["/etc/modprobe.d/carbonio-gateway.conf"] = _MODPROBE
        if gateway.vpn:
            files["/etc/wireguard/wg0.conf"] = interface(gateway.vpn, gateway.network)
    return dict(sorted(files.items()))
