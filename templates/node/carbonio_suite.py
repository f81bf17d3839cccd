"""What Carbonio needs beyond a machine as planned: its repositories, names, and its packages."""
import functools
import re
from typing import Dict, Optional, Tuple

Found = Optional[Tuple[Optional[str], str]]


def repository(system: System, node: Node, key: str) -> Done:
    spec = node["repositories"][key]
    return add_repository(system, spec, key) if spec else (False, "not needed")


def install(system: System, node: Node) -> Done:
    """The packages of the roles, if that is asked for: last of all, and only where all is ready.

    What is there already stays at its version: upgrades of Carbonio have steps of their own.
    """
    names = node["install"]
    if not missing(system, names):
        return False, "there" if names else "left to you"
    system.changes("install " + " ".join(names))
    bad = [row["id"] for row in checks(System(True), node) if row["status"] == "failed"]
    need(bad == ["install"], "mend first: " + " ".join(bad[:-1]))
    return install_packages(system, names, True), " ".join(names)


def repositories(node: Node) -> Dict[str, Step]:
    return {"repository " + key: functools.partial(repository, key=key)
            for key in ("carbonio", "postgresql")}


def name_tells(system: System, node: Node) -> Found:
    """The name tells the role."""
    words = [word[:4] for role in node["roles"] for word in role.split("-")]
    if not re.search("infra|mail|store|mx|ldap|db|" + "|".join(words), node["name"]):
        return "warning", node["name"] + " does not"
    return None


def latest(system: System, node: Node, command: str) -> None:
    """Python 3 and Perl, the latest of the system."""
    need(system.which(command), command + " is not installed")
    old = [item for item in node["packages"]
           if item.startswith(command) and outdated(system, item)]
    need(not old, "there is a newer %s: run carbonio-node-configure" % " ".join(old))


def tools(system: System, node: Node) -> None:
    """What the installer and its documented steps call."""
    for tool in "jq", "gpg", "curl", "wget", "dig":
        need(system.which(tool), tool + " is not installed")


def mx(system: System, node: Node) -> None:
    """The domain's MX resolves through DNS, on an MTA to itself."""
    targets = ask(system, node["domain"], "MX")
    found = [address for target in targets for address in ask(system, target, "A")]
    need(found and not [each for each in found if each.startswith("127.")]
         and ("mta" not in node["roles"] or node["address"] in found),
         "MX %s resolves to %s: mend the DNS inside" % (targets, found))


def txt(system: System, node: Node) -> Found:
    """SPF and DMARC in DNS (DKIM follows the installation)."""
    for owner, start in (node["domain"], "v=spf1"), ("_dmarc." + node["domain"], "v=DMARC1"):
        if not [text for text in ask(system, owner, "TXT") if text.startswith(start)]:
            return "warning", "no %s at %s: add the record" % (start, owner)
    return None


def vanilla(system: System, node: Node) -> Found:
    """No foreign mail or web server."""
    if system.exists("/opt/zextras/bin"):
        return "skipped", "(Carbonio is installed)"
    for server in ("postfix", "exim4", "sendmail", "dovecot", "nginx", "apache2", "httpd"):
        need(not system.which(server), server + " is installed: remove it")
    # A server that binds :: is in the second alone.
    listed = system.read("/proc/net/tcp") + system.read("/proc/net/tcp6")
    taken = {25, 80, 110, 143, 389, 443, 465, 587, 993, 995}.intersection(
        int(port, 16) for port in re.findall(r"(?m)^ *\d+: \w+:(\w+) \w+:\w+ 0A", listed))
    need(not taken, "something listens on %s: remove it" % sorted(taken))
    return None


CHECKS.update({
    "name": name_tells, "python": functools.partial(latest, command="python3"),
    "perl": functools.partial(latest, command="perl"), "tools": tools, "mx": mx, "txt": txt,
    "vanilla": vanilla})
MORE.insert(0, repositories)
MORE.append(lambda node: {"install": install})
