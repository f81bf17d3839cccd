"""The steps that make a machine a node; each does nothing where all is as it should be."""
import functools
import glob
import importlib
import os
import re
from typing import Any, Callable, Dict

from carbonio_host import dns_server, firewall, resolvers, route
from carbonio_node import Done, Failure, Node, System, ask, family

Step = Callable[[System, Node], Done]
COMPLETE = "/var/lib/carbonio-node/complete"
PROGRAM = "/usr/local/sbin/carbonio-node-configure"
VOLUMES_UNIT = """[Unit]
Description=Data volumes of Carbonio
After=local-fs.target
Before=multi-user.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%s --volumes

[Install]
WantedBy=multi-user.target
""" % PROGRAM
# Not oneshot: a boot does not wait for a network that may come minutes later.
CONFIGURE_UNIT = """[Unit]
Description=Configuration of this node until it is complete
ConditionPathExists=!%s
Wants=network-online.target
After=network-online.target carbonio-node-volumes.service

[Service]
ExecStart=%s

[Install]
WantedBy=multi-user.target
""" % (COMPLETE, PROGRAM)


def services(system: System, node: Node) -> Done:
    """First of all steps: a node killed in its first boot goes on at the next."""
    mounts = "[Unit]\nRequiresMountsFor=%s\n" % " ".join(item["mount"] for item in node["volumes"])
    changed = False
    for name, text in (
            ("carbonio-node-volumes.service", VOLUMES_UNIT),
            ("carbonio-node-configure.service", CONFIGURE_UNIT),
            # Every unit of Carbonio, now or later, waits for the volumes and fails without them.
            # Our own bear the same prefix: a file of the same name undoes it for them.
            ("carbonio.service.d/volumes.conf", mounts),
            ("carbonio-.service.d/volumes.conf", mounts),
            ("carbonio-node-.service.d/volumes.conf", "[Unit]\n")):
        changed |= system.unit(name, text)
    for name in "volumes", "configure":
        changed |= system.enable("carbonio-node-%s.service" % name)
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
    fail. networkd would set the value of its interfaces back, so it is told too.
    """
    form = "net.ipv6.conf.%s.disable_ipv6 = 1\n"
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-ipv6.conf",
                           form % "all" + form % "default" + form % "lo")
    for path in glob.glob(system.path("/proc/sys/net/ipv6/conf/*/disable_ipv6")):
        changed |= system.write(path[len(system.path("")) - 1:], "1\n")
    for path in glob.glob(system.path("/run/systemd/network/*.network")):
        changed |= system.write(
            "/etc/systemd/network/%s.d/carbonio.conf" % os.path.basename(path),
            "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    return changed, "off on every interface"


def swappiness(system: System, node: Node) -> Done:
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-swap.conf", "vm.swappiness = 1\n")
    return system.write("/proc/sys/vm/swappiness", "1\n") or changed, "1"


def network(system: System, node: Node) -> Done:
    def answers() -> bool:
        try:
            return ask(system, node["fqdn"], "A") is not None
        except Failure:
            return False

    if not system.until(600, lambda: re.search(
            r"(?m)^\S+\s00000000\s", system.read("/proc/net/route")) is not None,
            "network: for a default route"):
        raise Failure("there is no default route yet")
    if not system.until(600, answers, "network: for a name server that answers"):
        raise Failure("no name server answers yet")
    return False, "a default route and a name server"


def packages(system: System, node: Node) -> Done:
    names = sorted(set(node["packages"] + [
        "xfsprogs" for item in node["volumes"] if item["filesystem"] == "xfs"]))
    return family(node).install(system, *names), "the latest of " + " ".join(names)


def locale(system: System, node: Node) -> Done:
    wanted, changed = node["locale"], False
    if wanted.replace("-", "").lower() not in system.run("locale", "-a").out.lower().split():
        family(node).language(system, wanted)
        changed = True
    text = system.read("/etc/locale.conf") or system.read("/etc/default/locale")
    if not re.search('(?m)^LANG="?%s"?$' % wanted, text):
        system.act("localectl", "set-locale", "LANG=" + wanted)
        changed = True
    return changed, wanted


def clock(system: System, node: Node) -> Done:
    """Chrony, which is a package of every node; the operator's time servers go first."""
    path, unit = family(node).CHRONY
    mark = "# The rest is written by carbonio-node-configure.\n"
    lines = ["server %s iburst prefer\n" % name for name in node["time_servers"]]
    if not system.exists(path):
        raise Failure("chrony is not installed")
    text = system.read(path).split(mark)[0] + "".join([mark] + lines if lines else lines)
    changed, started = system.write(path, text), system.enable(unit)
    if changed or not system.active(unit):
        system.act("systemctl", "restart", unit)
        started = True
    if not system.until(90, lambda: "=yes" in system.run(
            "timedatectl", "show", "-p", "NTPSynchronized").out):
        raise Failure("not synchronised: see chronyc sources")
    return started, "synchronised"


def repository(system: System, node: Node, key: str) -> Done:
    spec, none = node["repositories"][key], (False, "not needed")
    return family(node).repository(system, spec, key) if spec else none


def steps(node: Node) -> Dict[str, Step]:
    """Return the steps in their order: what needs the network, and may wait for it, comes last.

    What stands between a machine and the network is set up first, as far as its program is there,
    and once more after the packages.
    """
    early, late = {}, {}  # type: Dict[str, Step], Dict[str, Step]
    if node["roles"] == ["gateway"]:
        gateway = importlib.import_module("carbonio_gateway")  # type: Any
        early, late = gateway.EARLY, gateway.LATE
    found = {"services": services, "hostname": hostname, "cloud-init": cloud_init,
             "hosts": hosts}  # type: Dict[str, Step]
    found.update(early)
    found.update({
        "early firewall": functools.partial(firewall, early=True), "route": route, "ipv6": ipv6,
        "swappiness": swappiness, "early dns-server": functools.partial(dns_server, early=True),
        "early resolvers": functools.partial(resolvers, early=True), "network": network})
    found.update(family(node).EARLY)
    found.update({"packages": packages, "firewall": firewall, "dns-server": dns_server,
                  "resolvers": resolvers, "locale": locale, "clock": clock})
    found.update(late)
    found.update(family(node).LATE)
    for key in "carbonio", "postgresql":
        found["repository " + key] = functools.partial(repository, key=key)
    if node["volumes"]:
        volumes = importlib.import_module("carbonio_volumes")  # type: Any
        for item in node["volumes"]:
            found["volume " + item["key"]] = functools.partial(volumes.volume, item=item)
    return found
