"""What a machine is checked for: the steps, none of which may be left to do, and more."""
import json
import re
from typing import Any, Callable, Dict, List

# Check behind which several steps stand, by the first words of those.
CHECK_OF = {"volume": "volumes", "repository": "repositories", "subscription": "repositories",
            "epel": "repositories", "ipv6": "ipv6"}


def cpu(system: System, node: Node) -> None:
    """64-bit Intel or AMD CPU."""
    found = system.run("uname", "-m").out.strip()
    need(found == "x86_64", "it is " + found)


def release(system: System, node: Node) -> None:
    """Operating system as planned."""
    text = "\n" + system.read("/etc/os-release").replace('"', "")
    name, version = node["os"].split("-")
    need("\nID=%s\n" % name in text and re.search(r"\nVERSION_ID=%s[.\n]" % version, text),
         "%s, not %s" % (re.findall("\nPRETTY_NAME=(.*)", text), node["os"]))
    need(not system.exists("/etc/update-motd.d/60-unminimize"), "a minimized image: unminimize")


def memory(system: System, node: Node) -> None:
    """Memory as planned."""
    # What firmware, kernel and crash kernel keep for themselves is not in MemTotal.
    found = int(system.read("/proc/meminfo").split()[1]) / 2.0 ** 20
    need(found >= 0.9 * node["memory_gib"],
         "%.1f GiB, not %s" % (found, node["memory_gib"]))


def fqdn(system: System, node: Node) -> None:
    """The name by hostname -f, and an interface has the private address."""
    found = system.run("hostname", "-f", check=False).out.strip()
    need(found == node["fqdn"], "hostname -f says " + found)
    need(system.link(node["address"]), "no interface has " + node["address"])


def dns(system: System, node: Node) -> None:
    """The FQDN resolves through DNS to the private address."""
    found = ask(system, node["fqdn"], "A")
    need(found == [node["address"]], "it resolves to %s: mend the DNS inside" % found)


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
    wanted = {"cpu": cpu, "os": release, "memory": memory, "fqdn": fqdn, "dns": dns}
    wanted.update(CHECKS)
    for key in wanted:
        status, why = attempt(wanted[key], system, node) or ("ok", "")
        rows[key] = status or "failed", why
    if node.get("brief"):
        rows["data"] = "failed", "cut: carbonio-node-configure - < nodes/..."
    if not node["volumes"]:
        rows["volumes"] = "skipped", "this node has none"
    todo = steps(node)
    for step in todo:
        key = CHECK_OF.get(step.split()[0], step)
        waits = step == "network" or step.startswith("early ")
        if not waits and rows.get(key, "o")[0] != "failed":
            done, why = attempt(todo[step], system, node)
            status = "failed" if done is None else "warning" if why == SWITCHED_OFF else "ok"
            rows[key] = status, rows.get(key, ("", ""))[1] + why + " "
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
