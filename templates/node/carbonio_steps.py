"""The steps that make a machine a node; each does nothing where all is as it should be."""
import functools
import glob
import os
import re
from typing import Dict

COMPLETE = STATE + "complete"
PROGRAM = "/usr/local/sbin/carbonio-node-configure"
VOLUMES_UNIT = """[Unit]
Description=Carbonio volumes
After=local-fs.target
Before=multi-user.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%s --volumes

[Install]
WantedBy=multi-user.target
""" % PROGRAM


def services(system: System, node: Node) -> Done:
    mounts = "[Unit]\nRequiresMountsFor=%s\n" % " ".join(item["mount"] for item in node["volumes"])
    changed = False
    for name, text in (
            ("carbonio-node-volumes.service", VOLUMES_UNIT),
            # Every unit of Carbonio, now or later, waits for the volumes and fails without them.
            # Our own bear the same prefix: a file of the same name undoes it for them.
            ("carbonio.service.d/volumes.conf", mounts),
            ("carbonio-.service.d/volumes.conf", mounts),
            ("carbonio-node-.service.d/volumes.conf", "[Unit]\n")):
        changed |= system.unit(name, text)
    changed |= system.enable("carbonio-node-volumes.service")
    return changed, "enabled"


def hostname(system: System, node: Node) -> Done:
    changed = [system.write(path, node["fqdn"] + "\n")
               for path in ("/etc/hostname", "/proc/sys/kernel/hostname")]
    return any(changed), node["fqdn"]


def cloud_init(system: System, node: Node) -> Done:
    return system.write("/etc/cloud/cloud.cfg.d/99-carbonio.cfg", "preserve_hostname: true\n"
                        "manage_etc_hosts: false\n"), "keeps off"


def hosts(system: System, node: Node) -> Done:
    text = "127.0.0.1 localhost\n%(address)s %(fqdn)s %(name)s\n" % node
    return system.write("/etc/hosts", text), "localhost and " + node["address"]


def ipv6(system: System, node: Node) -> Done:
    """No IPv6 address anywhere, by sysctl.

    Not by the kernel argument ipv6.disable=1: without the address family services that bind ::
    fail. What manages the interfaces would set their value back: its family's part tells it.
    """
    form = "net.ipv6.conf.%s.disable_ipv6 = 1\n"
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-ipv6.conf",
                           form % "all" + form % "default" + form % "lo")
    for path in glob.glob(system.path("/proc/sys/net/ipv6/conf/*/disable_ipv6")):
        changed |= system.write(path[len(system.root):], "1\n")
    return changed, "off on every interface"


def swappiness(system: System, node: Node) -> Done:
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-swap.conf", "vm.swappiness = 1\n")
    return system.write("/proc/sys/vm/swappiness", "1\n") or changed, "1"


def network(system: System, node: Node) -> Done:
    need(system.until(600, lambda: re.search(
            r"(?m)^\S+\s00000000\s", system.read("/proc/net/route")) is not None,
            "network: for a default route"), "there is no default route")
    return False, "a default route"


def packages(system: System, node: Node) -> Done:
    names = node["packages"]
    # A check asks no repository.
    gone = missing(system, names) if system.dry else []
    need(not gone, "missing: %s: run carbonio-node-configure" % " ".join(gone))
    return not system.dry and install_packages(system, names), "the latest of " + " ".join(names)


def locale(system: System, node: Node) -> Done:
    wanted, changed = node["locale"], False
    if wanted.replace("-", "").lower() not in system.run("locale", "-a").out.lower().split():
        language(system, wanted)
        changed = True
    text = system.read("/etc/locale.conf") or system.read("/etc/default/locale")
    if not re.search('(?m)^LANG="?%s"?$' % wanted, text):
        system.act("localectl", "set-locale", "LANG=" + wanted)
        changed = True
    return changed, wanted


def clock(system: System, node: Node, early: bool = False) -> Done:
    """Chrony, which is a package of every node; the operator's time servers go first."""
    path, unit = CHRONY
    if early and not system.exists(path):
        return False, "once its package is there"
    mark = "# Written by carbonio-node-configure:\n"
    lines = ["server %s iburst prefer\n" % name for name in node["time_servers"]]
    need(system.exists(path), "chrony is not installed")
    text = system.read(path).split(mark)[0] + "".join([mark] + lines if lines else lines)
    changed, started = system.write(path, text), system.enable(unit)

    def synchronised() -> bool:
        return "Normal" in system.run("chronyc", "-n", "tracking", check=False).out

    # Where nobody answered its first questions for its servers, it asks again after ever longer.
    if changed or not system.active(unit) or early and not synchronised():
        system.act("systemctl", "restart", unit)
        started = True
    # Until then other things are done.
    need(early or system.until(90, synchronised), "not synchronised: chronyc sources")
    return started, "by chrony"


def steps(node: Node) -> Dict[str, Step]:
    """Return the steps in their order: what needs the network, and may wait for it, comes last.

    What stands between a machine and the network is set up first, as far as its program is there,
    and once more after the packages.
    """
    found = {"services": services, "hostname": hostname, "cloud-init": cloud_init,
             "hosts": hosts}  # type: Dict[str, Step]
    found.update(EARLY)
    found.update({
        "early firewall": functools.partial(firewall, early=True), "route": route, "ipv6": ipv6,
        "swappiness": swappiness, "early dns-server": functools.partial(dns_server, early=True),
        "early resolvers": functools.partial(resolvers, early=True), "network": network,
        "early clock": functools.partial(clock, early=True)})
    found.update(SYSTEM)
    found.update({"packages": packages, "firewall": firewall, "dns-server": dns_server,
                  "resolvers": resolvers, "locale": locale, "clock": clock})
    found.update(LATE)
    for part in MORE:
        found.update(part(node))
    return found
