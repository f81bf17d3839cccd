"""What Carbonio's installer asks for beyond a machine as planned."""
import re
from typing import Optional, Tuple

from carbonio_node import Node, System, ask, family, need

Found = Optional[Tuple[Optional[str], str]]


def name(system: System, node: Node) -> Found:
    "the name tells the role"
    words = [word[:4] for role in node["roles"] for word in role.split("-")]
    if not re.search("infra|mail|store|mx|ldap|db|" + "|".join(words), node["name"]):
        return "warning", node["name"] + " does not"
    return None


def python(system: System, node: Node, command: str = "python3") -> None:
    "Python 3, latest of the system"
    need(system.which(command), "not there: run carbonio-node-configure")
    names = [item for item in node["packages"] if item.startswith(command)]
    old = [item for item in names if family(node).outdated(system, item)]
    need(not old, "there is a newer %s: run carbonio-node-configure" % " ".join(old))


def perl(system: System, node: Node) -> None:
    "Perl, latest of the system"
    python(system, node, "perl")


def tools(system: System, node: Node) -> None:
    "jq, gpg, curl, wget"
    missing = [tool for tool in ("jq", "gpg", "curl", "wget") if not system.which(tool)]
    need(not missing, "missing: %s: run carbonio-node-configure" % " ".join(missing))


def mx(system: System, node: Node) -> None:
    "the domain's MX resolves through DNS, on an MTA to itself"
    targets = ask(system, node["domain"], "MX")
    found = [address for target in targets for address in ask(system, target, "A")]
    need(found and not [each for each in found if each.startswith("127.")]
         and ("mta" not in node["roles"] or node["address"] in found),
         "MX %s resolves to %s: mend the DNS inside" % (targets, found))


def txt(system: System, node: Node) -> Found:
    "SPF and DMARC in DNS (DKIM follows the installation)"
    for owner, start in (node["domain"], "v=spf1"), ("_dmarc." + node["domain"], "v=DMARC1"):
        if not [text for text in ask(system, owner, "TXT") if text.startswith(start)]:
            return "warning", "no %s at %s: add the record" % (start, owner)
    return None


def vanilla(system: System, node: Node) -> Found:
    "no foreign mail or web server"
    if system.exists("/opt/zextras/bin"):
        return "skipped", "(Carbonio is installed)"
    for server in ("postfix", "exim4", "sendmail", "dovecot", "nginx", "apache2", "httpd"):
        need(not system.which(server), server + " is installed: remove it")
    ports = re.findall(r"(?m)^ *\d+: \w+:(\w+) \w+:\w+ 0A", system.read("/proc/net/tcp"))
    taken = {25, 80, 110, 143, 389, 443, 465, 587, 993, 995}.intersection(
        int(port, 16) for port in ports)
    need(not taken, "something listens on %s: remove it" % sorted(taken))
    return None


CHECKS = [name, python, perl, tools, mx, txt, vanilla]
