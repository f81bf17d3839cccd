"""What Carbonio's installer asks for: the steps, none of which may be left to do, and more."""
import json
import re
from typing import Any, Callable, Dict, List, Optional, Tuple

from carbonio_node import Failure, Node, System, ask, family
from carbonio_steps import steps

# Check behind which several steps stand, by the first words of those.
CHECK_OF = {"volume": "volumes", "repository": "repositories", "subscription": "repositories",
            "epel": "repositories", "network-manager": "ipv6"}
Found = Optional[Tuple[Optional[str], str]]


def need(fact: object, why: str) -> None:
    if not fact:
        raise Failure(why)


def cpu(system: System, node: Node) -> None:
    "64-bit Intel or AMD CPU"
    found = system.run("uname", "-m").out.strip()
    need(found == "x86_64", "it is %s: use another machine type" % found)


def os(system: System, node: Node) -> None:
    "operating system as planned"
    text = system.read("/etc/os-release").replace('"', "")
    found = "-".join(sorted(re.findall(r"(?m)^(?:ID|VERSION_ID)=(.*)$", text), reverse=True))
    need((found + ".").startswith(node["os"] + "."), "it is %s: use %s" % (found, node["os"]))
    need(not system.exists("/etc/update-motd.d/60-unminimize"), "a minimized image: unminimize")


def memory(system: System, node: Node) -> None:
    "memory as planned"
    # What firmware, kernel and crash kernel keep for themselves is not in MemTotal.
    found = int(system.read("/proc/meminfo").split()[1]) / 2.0 ** 20
    need(found >= 0.9 * node["memory_gib"],
         "%.1f GiB, not %s: use a larger machine type" % (found, node["memory_gib"]))


def name(system: System, node: Node) -> Found:
    "the name tells the role"
    words = [word[:4] for role in node["roles"] for word in role.split("-")]
    if not re.search("infra|mail|store|mx|ldap|db|" + "|".join(words), node["name"]):
        return "warning", node["name"] + " does not"
    return None


def fqdn(system: System, node: Node) -> None:
    "hostname -f, and an interface has the private address"
    found = system.run("hostname", "-f", check=False).out.strip()
    need(found == node["fqdn"], "hostname -f says " + found)
    need(system.has_address(node["address"]), "no interface has " + node["address"])


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


def dns(system: System, node: Node) -> None:
    "the FQDN resolves through DNS to the private address"
    found = ask(system, node["fqdn"], "A")
    need(found == [node["address"]], "it resolves to %s: mend the DNS inside" % found)


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


def attempt(step: Callable[[System, Node], Any], system: System, node: Node) -> Any:
    """Return what a step or check returns, or (None, why) if it fails in any way."""
    try:
        return step(system, node)
    except Exception as error:
        why = str(error) if isinstance(error, Failure) else repr(error)
        # Python 3.6 cannot print anything else where cloud-init runs it, with the C locale.
        return None, why.encode("ascii", "backslashreplace").decode()


def checks(system: System, node: Node) -> List[Dict[str, str]]:
    """Return what each check found; nothing is changed."""
    rows = {}
    for check in (cpu, os, memory, name, fqdn, python, perl, tools, dns, mx, txt, vanilla):
        status, why = attempt(check, system, node) or ("ok", "")
        rows[check.__name__] = status or "failed", "%s  %s" % (check.__doc__, why)
    if not node["volumes"]:
        rows["volumes"] = "skipped", "this node has none"
    todo = steps(node)
    for step in todo:
        key = CHECK_OF.get(step.split()[0], step)
        if step not in ("network", "packages") and rows.get(key, "o")[0] != "failed":
            done, why = attempt(todo[step], system, node)
            rows[key] = "failed" if done is None else "ok", rows.get(key, ("", ""))[1] + why + " "
    return [{"id": key, "status": rows[key][0], "what": rows[key][1].strip()} for key in rows]


def report(system: System, node: Node, as_json: bool) -> int:
    """Print what was found; 1 if a check failed."""
    rows = checks(system, node)
    failed = "failed" in [row["status"] for row in rows]
    if as_json:
        print(json.dumps({"node": node["fqdn"], "ok": not failed, "checks": rows}, indent=1))
    else:
        for row in rows:
            print("%(status)-8s %(id)-12s %(what)s" % row)
    return int(failed)
