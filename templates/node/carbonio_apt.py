"""What differs on Ubuntu: packages with apt, their repositories, time and language."""
import glob
import json
import os
import re
from typing import Any, Dict, List

CHRONY = "/etc/chrony/chrony.conf", "chrony"
FIREWALL, TABLE = "nft", "table inet carbonio"
NETPLAN = "/etc/netplan/90-carbonio.yaml"
# The domain "." draws every name to these servers, whatever DHCP gives to an interface.
RESOLVERS = ("/etc/systemd/resolved.conf.d/carbonio.conf", "[Resolve]\nDNS=%s\nDomains=~.\n", " ",
             "/run/systemd/resolve/resolv.conf", ("systemctl", "restart", "systemd-resolved"))


def versions(system: System, names: List[str]) -> str:
    form = "${Package} ${Status} ${Version}\n"
    return "\n" + system.run("dpkg-query", "-W", "-f", form, *names, check=False).out


def missing(system: System, names: List[str]) -> List[str]:
    shown = versions(system, names)
    return [name for name in names if "\n%s install ok installed" % name not in shown]


def install_packages(system: System, names: List[str], weak: bool = False) -> bool:
    """Install packages, or bring them to the latest version; True if something changed.

    Recommended ones only if `weak`: with a base package they may bring a mail server.
    """
    before = versions(system, names)
    # A repository that does not answer fails the whole update: what matters is that the packages
    # are there afterwards. The machine's own update may hold the lock for a while.
    # One that answers shows that there is a way out, by a gateway that may start minutes later.
    def updated() -> bool:
        done = system.run("apt-get", "-q", "update", check=False)
        return "Could not get lock" not in done.err and (
            "Failed to fetch" not in done.err or re.search("(?m)^(Hit|Get):", done.out) is not None)

    system.until(600, updated, "packages: for a repository that answers")
    # What a killed run left half done would stop every other.
    system.act("dpkg", "--force-confold", "--configure", "-a", check=False)
    # A file that we changed is kept: without input dpkg could only fail with its question.
    system.act("apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=600", "-o",
               "Dpkg::Options::=--force-confold", "-o", "APT::Install-Recommends=%d" % weak,
               "install", *names)
    return before != versions(system, names)


def outdated(system: System, name: str) -> bool:
    shown = system.run("apt-cache", "policy", name).out
    return len(set(re.findall(r"(?:Installed|Candidate): (.*)", shown))) > 1


def language(system: System, wanted: str) -> None:
    text = system.read("/etc/locale.gen")
    if not re.search("(?m)^" + re.escape(wanted), text):
        system.write("/etc/locale.gen", "%s%s UTF-8\n" % (text, wanted))
    system.act("locale-gen")


def load_firewall(system: System, node: Node, on: bool) -> bool:
    """Load the node's rules, now and at every boot, or take them away; True if that changed.

    A gateway's file translates addresses too: there only the table that filters is taken away.
    """
    path, new = RULES["ubuntu"], STATE + "nftables.conf"
    drop_in = "nftables.service.d/carbonio.conf"
    text = content(node, path)
    if not on:
        text = text + "delete %s\n" % TABLE if text and "gateway" in node["roles"] else ""
    if not text:
        if TABLE not in system.read(path):
            return False
        system.act("systemctl", "disable", "--now", "nftables")
        system.act("nft", "delete", *TABLE.split(), check=False)
        system.unit(drop_in, "")
        return system.remove(path)
    changed = system.unit(
        drop_in, "[Unit]\nWants=network-pre.target\nBefore=network-pre.target\n"
        # The distribution's own would take away the tables of others, too.
        "[Service]\nExecStop=\nExecStop=-/usr/sbin/nft delete %s\n" % TABLE)
    loaded = TABLE in system.run("nft", "list", "tables", check=False).out.splitlines()
    if system.read(path) != text or loaded != on:
        system.changes("load " + path)
        system.write(new, text)
        system.act("nft", "-c", "-f", system.path(new))
        # In one transaction. The file follows: a run that is killed here is made up for.
        system.act("nft", "-f", system.path(new))
        changed = system.write(path, text) | system.remove(new)
    changed |= system.enable("nftables")
    if not system.active("nftables"):
        # Its drop-in counts at later boots.
        system.act("systemctl", "--no-reload", "start", "nftables")
        changed = True
    return changed


def set_route(system: System, router: str, link: str, there: bool) -> bool:
    """Let netplan set the default route; `there`: it is so now. True if something changed."""
    if not router:
        return system.remove(NETPLAN) and system.act("netplan", "apply").code == 0
    shown = system.run("networkctl", "status", link, check=False).out
    name = "".join(re.findall(r"Network File: \S*/10-netplan-(\S+)\.network", shown)) or "carbonio"
    # 0.0.0.0/0, since netplan of 20.04 may not know the word default.
    spec = {"routes": [{"to": "0.0.0.0/0", "via": router, "on-link": True}]}  # type: Dict[str, Any]
    if name == "carbonio":
        mac = system.read("/sys/class/net/%s/address" % link).strip()
        spec.update({"match": {"macaddress": mac}, "dhcp4": True, "link-local": []})
    text = json.dumps({"network": {"version": 2, "ethernets": {name: spec}}}, sort_keys=True)
    changed = system.write(NETPLAN, text + "\n", 0o600)
    if changed or not there:
        system.act("netplan", "apply")
    return changed or not there


def interfaces(system: System, node: Node) -> Done:
    """Without IPv6: networkd would set the kernel's value of its interfaces back."""
    changed = False
    for path in glob.glob(system.path("/run/systemd/network/*.network")):
        changed |= system.write(
            "/etc/systemd/network/%s.d/carbonio.conf" % os.path.basename(path),
            "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    return changed, "no IPv6"


SYSTEM["ipv6 interfaces"] = interfaces
