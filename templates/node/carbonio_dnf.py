"""What differs on Red Hat: packages with dnf, subscription, SELinux, firewalld, NetworkManager."""
import glob
import re
from typing import Any, Dict, List

CHRONY = "/etc/chrony.conf", "chronyd"
FIREWALL = "firewall-cmd"
RESOLVERS = ("/etc/NetworkManager/conf.d/90-carbonio-dns.conf",
             "[global-dns]\n[global-dns-domain-*]\nservers=%s\n", ",", "/etc/resolv.conf",
             ("nmcli", "general", "reload"))
KEY = "/etc/carbonio-node/activation-key"


def missing(system: System, names: List[str]) -> List[str]:
    """Return what is not installed; packages of another name provide some, such as python3."""
    return [name for name in names if not system.succeeds("rpm", "-q", *(
        [name.split("/")[-1][:-4]] if "/" in name else ["--whatprovides", name]))]


def install_packages(system: System, names: List[str], weak: bool = False) -> bool:
    """Install packages, or bring them to the latest version; True if something changed.

    Recommended ones only if `weak`.
    """
    before = system.run("rpm", "-q", *names, check=False)
    # The way out may lead through a gateway that starts minutes later.
    def answered() -> bool:
        done = system.run("dnf", "-q", "--setopt=retries=1", "makecache", check=False)
        return not done.code or "Failed to download" not in done.err

    system.until(600, answered, "packages: for repositories that answer")
    for word in "install", "upgrade":
        system.act("dnf", "-y", "-q", "--setopt=install_weak_deps=%d" % weak, word, *names)
    return before != system.run("rpm", "-q", *names, check=False)


def outdated(system: System, name: str) -> bool:
    return system.run("dnf", "-C", "-q", "check-update", name, check=False).code == 100


def language(system: System, wanted: str) -> None:
    raise Failure("no langpack for " + wanted)


def add_repository(system: System, spec: Dict[str, Any], key: str) -> Done:
    spec = spec["yum"]
    changed = system.write(
        "/etc/yum.repos.d/%(id)s.repo" % spec,
        "[%(id)s]\nname=%(name)s\nbaseurl=%(baseurl)s\nenabled=1\ngpgcheck=%(gpgcheck)d\n"
        # The system's own packages do not wait for it.
        "repo_gpgcheck=%(repo_gpgcheck)d\ngpgkey=%(gpgkey)s\nskip_if_unavailable=1\n" % spec)
    system.run("dnf", "-y", "-q", "--setopt=%(id)s.skip_if_unavailable=0" % spec, "makecache",
               "--repo=" + spec["id"])
    return changed, spec["baseurl"]


def register(system: System, node: Node) -> bool:
    """Register with Red Hat; True if it was not. The key is put by hand, never in user-data."""
    if node["subscription"] == "rhui" or system.succeeds("subscription-manager", "identity"):
        return False
    found = dict(re.findall(r"(?m)^(org|key)=(\S+)$", system.read(KEY)))
    need(node["subscription"] != "registered", "subscription-manager register first")
    system.changes("register with Red Hat")
    need(len(found) == 2, "no org=... and key=... in " + KEY)
    system.until(600, lambda: system.succeeds("getent", "ahosts", "subscription.rhsm.redhat.com"),
                 "subscription: for Red Hat's servers")
    done = system.run("subscription-manager", "register", "--org", found["org"],
                      "--activationkey", found["key"], check=False)
    need(not done.code, "not registered: " + done.err.replace(found["key"], "***")[-200:])
    return True


def subscription(system: System, node: Node) -> Done:
    changed = register(system, node)
    listed = system.run("dnf", "-C", "-q", "repolist", "--enabled", check=False).out.split()
    wanted = [name for name in node["repository_ids"] if name not in listed]
    if wanted and node["subscription"] == "rhui":
        system.act("dnf", "config-manager", "--set-enabled", *wanted)
    elif wanted:
        system.act("subscription-manager", "repos", *["--enable=" + name for name in wanted])
    return changed or bool(wanted), " ".join(node["repository_ids"])


def epel(system: System, node: Node) -> Done:
    if not node["epel"] or system.succeeds("rpm", "-q", "epel-release"):
        return False, "not needed"
    system.act("dnf", "-y", "-q", "install", "https://dl.fedoraproject.org/pub/epel/epel-release-"
               "latest-%s.noarch.rpm" % node["os"][5])
    return True, "installed"


def module(system: System, node: Node) -> Done:
    """The distribution's PostgreSQL module would hide the packages that Carbonio needs."""
    if "state=disabled" in system.read("/etc/dnf/modules.d/postgresql.module"):
        return False, "disabled"
    system.act("dnf", "-qy", "module", "disable", "postgresql")
    return True, "disabled"


def selinux(system: System, node: Node) -> Done:
    path = "/etc/selinux/config"
    text = system.read(path)
    changed = text and system.write(
        path, re.sub("(?m)^SELINUX=enforcing", "SELINUX=permissive", text))
    if system.read("/sys/fs/selinux/enforce").strip() == "1":
        system.act("setenforce", "0")
        changed = True
    return bool(changed), "not enforcing"


def ours(system: System) -> Dict[str, str]:
    found = glob.glob(system.path("/etc/firewalld/*/carbonio*.xml"))
    paths = [path[len(system.root):] for path in found]
    return {path: system.read(path) for path in paths}


def put(system: System, files: Dict[str, str]) -> bool:
    """Make `files` all that firewalld has of ours; True if it was not."""
    changed = [system.remove(path) for path in ours(system) if path not in files]
    return any(changed + [system.write(path, files[path]) for path in files])


def zone(system: System) -> bool:
    shown = system.run("firewall-cmd", "--get-active-zones", check=False).out
    return "carbonio" in shown.split()


def load_firewall(system: System, node: Node, on: bool) -> bool:
    """Load the node's zone, now and at every boot, or take it away; True if that changed."""
    files = {path: content(node, path) for path in node["files"] if "/firewalld/" in path}
    if not on:
        running = system.active("firewalld") or system.succeeds(
            "systemctl", "is-enabled", "firewalld")
        if running:
            system.act("systemctl", "disable", "--now", "firewalld")
        return put(system, {}) or running
    # Ends with the reload: a run that is killed before is made up for.
    note = STATE + "firewalld"
    old = ours(system)
    if old != files or system.exists(note):
        system.changes("load the zone carbonio")
        system.write(note, "")
        put(system, files)
        done = system.run("firewall-offline-cmd", "--check-config", check=False)
        # Some faults are only told, with the exit status 0.
        if done.code or re.search("WARNING|ERROR", done.out + done.err):
            put(system, old)
            raise Failure("firewalld refuses: " + " ".join((done.err + done.out).split())[-200:])
    changed = system.enable("firewalld")
    if system.exists(note) or not zone(system):
        if system.active("firewalld"):
            system.act("firewall-cmd", "--reload")
        else:
            system.act("systemctl", "start", "firewalld")
        need(zone(system), "the zone carbonio is not active")
        changed = system.remove(note) or True
    return changed


def set_route(system: System, router: str, link: str, there: bool) -> bool:
    """Let NetworkManager set the default route; `there`: it is so now. True if that changed."""
    note, form = "/etc/carbonio-node/route", "0.0.0.0/0 %s onlink=true"
    was, _, name = system.read(note).strip().partition(" ")
    if was == router and (there or not router):
        return False
    if was:
        system.act("nmcli", "connection", "modify", name, "-ipv4.routes", form % was)
        system.remove(note)
    if router:
        name = system.run("nmcli", "-e", "no", "-g", "GENERAL.CONNECTION", "device", "show",
                          link).out.strip()
        system.act("nmcli", "connection", "modify", name, "+ipv4.routes", form % router)
        system.write(note, "%s %s\n" % (router, name))
    system.act("nmcli", "device", "reapply", link)
    return True


def interfaces(system: System, node: Node) -> Done:
    """NetworkManager would give its interfaces IPv6 addresses again at the next boot."""
    changed = False
    shown = system.run("nmcli", "-g", "UUID,TYPE", "connection", "show", "--active", check=False)
    for uuid in re.findall(r"(?m)^([0-9a-f-]+):(?!loopback)", shown.out):
        method = system.run("nmcli", "-g", "ipv6.method", "connection", "show", uuid).out
        if method.strip() != "disabled":
            system.act("nmcli", "connection", "modify", uuid, "ipv6.method", "disabled")
            changed = True
    return changed, "no IPv6"


SYSTEM.update({"selinux": selinux, "ipv6 interfaces": interfaces, "subscription": subscription})
LATE.update({"epel": epel, "postgresql-module": module})
