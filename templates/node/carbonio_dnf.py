"""What differs on Red Hat: packages with dnf, subscription, SELinux, firewalld, NetworkManager."""
import re
from typing import Any, Dict, List

from carbonio_node import Done, Failure, Node, System

CHRONY = "/etc/chrony.conf", "chronyd"
KEY = "/etc/carbonio-node/activation-key"


def install(system: System, *names: str) -> bool:
    """Install packages, or bring them to the latest version; True if something changed."""
    before = system.run("rpm", "-q", *names, check=False)
    for word in "install", "upgrade":
        system.act("dnf", "-y", "-q", word, *names)
    return before != system.run("rpm", "-q", *names, check=False)


def outdated(system: System, name: str) -> bool:
    return system.run("dnf", "-C", "-q", "check-update", name, check=False).code == 100


def language(system: System, wanted: str) -> None:
    install(system, "glibc-langpack-" + wanted.split("_")[0])


def repository(system: System, spec: Dict[str, Any], name: str) -> Done:
    spec = spec["yum"]
    changed = system.write(
        "/etc/yum.repos.d/%(id)s.repo" % spec,
        "[%(id)s]\nname=%(name)s\nbaseurl=%(baseurl)s\nenabled=1\ngpgcheck=%(gpgcheck)d\n"
        "repo_gpgcheck=%(repo_gpgcheck)d\ngpgkey=%(gpgkey)s\n" % spec)
    system.run("dnf", "-y", "-q", "makecache", "--repo=" + spec["id"])
    return changed, spec["baseurl"]


def register(system: System, node: Node) -> bool:
    """Register with Red Hat; True if it was not. The key is put by hand, never in user-data."""
    if node["subscription"] == "rhui" or system.succeeds("subscription-manager", "identity"):
        return False
    found = dict(re.findall(r"(?m)^(org|key)=(\S+)$", system.read(KEY)))
    if node["subscription"] == "registered":
        raise Failure("subscription-manager register first")
    if len(found) != 2:
        raise Failure("no lines org=... and key=... in %s (mode 0600)" % KEY)
    system.act("subscription-manager", "register", "--org", found["org"], "--activationkey",
               found["key"], secret=found["key"])
    return True


def disabled(system: System, node: Node) -> List[str]:
    listed = system.run("dnf", "-C", "-q", "repolist", "--enabled", check=False).out.split()
    return [name for name in node["repository_ids"] if name not in listed]


def subscription(system: System, node: Node) -> Done:
    changed, missing = register(system, node), disabled(system, node)
    if missing and node["subscription"] == "rhui":
        system.act("dnf", "config-manager", "--set-enabled", *missing)
    elif missing:
        system.act("subscription-manager", "repos", *["--enable=" + name for name in missing])
    return changed or bool(missing), " ".join(node["repository_ids"])


def epel(system: System, node: Node) -> Done:
    if not node["epel"] or system.succeeds("rpm", "-q", "epel-release"):
        return False, "there, or not asked for"
    system.act("dnf", "-y", "-q", "install", "https://dl.fedoraproject.org/pub/epel/epel-release-"
               "latest-%s.noarch.rpm" % node["os"][5])
    return True, "now there"


def module(system: System, node: Node) -> Done:
    """The distribution's PostgreSQL module would hide the packages that Carbonio needs."""
    if "state=disabled" in system.read("/etc/dnf/modules.d/postgresql.module"):
        return False, "disabled"
    system.act("dnf", "-qy", "module", "disable", "postgresql")
    return True, "now disabled"


def selinux(system: System, node: Node) -> Done:
    path = "/etc/selinux/config"
    text = system.read(path)
    changed = "\nSELINUX=enforcing" in "\n" + text and system.write(
        path, text.replace("SELINUX=enforcing", "SELINUX=permissive"))
    if system.read("/sys/fs/selinux/enforce").strip() == "1":
        system.act("setenforce", "0")
        changed = True
    return changed, "not enforcing"


def firewalld(system: System, node: Node) -> Done:
    if node["host_firewall"] or not (system.succeeds("systemctl", "is-active", "firewalld")
                                     or system.succeeds("systemctl", "is-enabled", "firewalld")):
        return False, "off, or asked for"
    system.act("systemctl", "disable", "--now", "firewalld")
    return True, "now off"


def network_manager(system: System, node: Node) -> Done:
    """NetworkManager would give its interfaces IPv6 addresses again at the next boot."""
    changed = False
    shown = system.run("nmcli", "-g", "UUID,TYPE", "connection", "show", "--active", check=False)
    for uuid in re.findall(r"(?m)^([0-9a-f-]+):(?!loopback)", shown.out):
        method = system.run("nmcli", "-g", "ipv6.method", "connection", "show", uuid).out
        if method.strip() != "disabled":
            system.act("nmcli", "connection", "modify", uuid, "ipv6.method", "disabled")
            changed = True
    return changed, "no IPv6"


EARLY = {"selinux": selinux, "firewalld": firewalld, "network-manager": network_manager,
         "subscription": subscription}
LATE = {"epel": epel, "postgresql-module": module}
