"""What stands between a machine and the network: its firewall, route, name servers; DNS inside."""
import re

OFF = "/etc/carbonio-node/firewall-off"
SWITCHED_OFF = "switched off by hand: carbonio-node-configure --firewall on"
DNS = "/etc/dnsmasq.d/carbonio.conf"
# Not with the distributions' own options: Red Hat's file has bind-interfaces, which dnsmasq does
# not take beside bind-dynamic, and Ubuntu's script may change resolv.conf.
DNS_UNIT = """[Unit]
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=simple
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/dnsmasq -k --conf-file=%s
ExecStartPost=
ExecStop=
Restart=on-failure
RestartSec=5
""" % DNS


def firewall(system: System, node: Node, early: bool = False) -> Done:
    """The rendered rules, or none; `early` stands for: as far as the program is there."""
    wanted = node["host_firewall"]
    on = wanted and not system.exists(OFF)
    if on and not system.which(FIREWALL):
        if early:
            return False, "once its package is there"
        raise Failure(FIREWALL + " is not installed")
    changed = load_firewall(system, node, on)
    return changed, "loaded" if on else SWITCHED_OFF if wanted else "none asked for"


def route(system: System, node: Node) -> Done:
    """The default route where DHCP does not give it."""
    address, router = node["address"], node["router"] or ""

    def there() -> bool:
        number = "".join("%02X" % int(part) for part in reversed(router.split(".")))
        return re.search(r"(?m)^\S+\s0{8}\s" + number, system.read("/proc/net/route")) is not None

    if router and not system.until(600, lambda: system.link(address) != "",
                                   "route: for an interface with " + address):
        raise Failure("no interface has " + address)
    changed = set_route(system, router, system.link(address), not router or there())
    if router and not system.until(60, there):
        raise Failure("there is no default route via " + router)
    return changed, "via " + router if router else "from DHCP"


def resolvers(system: System, node: Node, early: bool = False) -> Done:
    """The name servers in place of those that DHCP gives."""
    wanted = node["resolvers"]
    path, form, comma, shown, reload = RESOLVERS
    # To install the one that answers here, names must be found without it.
    if early and content(node, DNS) and not system.which("dnsmasq"):
        return False, "once its package is there"

    def used() -> bool:
        found = re.findall(r"(?m)^nameserver\s+([0-9.]+)", system.read(shown))
        return not wanted or found[:len(wanted)] == wanted

    changed = system.write(path, form % comma.join(wanted)) if wanted else system.remove(path)
    if changed or not used():
        system.act(*reload)
        changed = True
    need(system.until(30, used), "%s does not begin with %s" % (shown, " ".join(wanted)))
    return changed, " ".join(wanted) or "from DHCP"


def dns_server(system: System, node: Node, early: bool = False) -> Done:
    """DNS inside, by dnsmasq; its file comes before its package, which starts it at once."""
    text, new = content(node, DNS), STATE + "dnsmasq.conf"
    drop_in = "dnsmasq.service.d/carbonio.conf"
    if not text:
        if system.exists(DNS):
            system.act("systemctl", "disable", "--now", "dnsmasq")
            system.unit(drop_in, "")
        return system.remove(DNS), "none asked for"
    program = system.which("dnsmasq")
    need(program or early, "dnsmasq is not installed")
    changed = system.unit(drop_in, DNS_UNIT)
    if system.read(DNS) != text:
        system.changes("write " + DNS)
        if program:
            # Stays until the restart: a run that is killed before is made up for.
            system.write(new, text)
            system.act("dnsmasq", "--test", "--conf-file=" + system.path(new))
        changed = system.write(DNS, text)
    if not program:
        return changed, "once its package is there"
    changed |= system.enable("dnsmasq")
    if changed or system.exists(new) or not system.active("dnsmasq"):
        system.act("systemctl", "restart", "dnsmasq")
        changed = system.remove(new) or True
    return changed, "running"
