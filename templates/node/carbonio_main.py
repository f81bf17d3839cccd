"""The command line."""
import argparse
import fcntl
import json
import os
import re
import sys
from typing import List


def apply(system: System, node: Node, only: str) -> int:
    """Run the steps whose names start with `only`, one line for each; 1 if one failed."""
    if not only and system.exists(COMPLETE):
        os.remove(system.path(COMPLETE))
    todo, failed = steps(node), []
    for name in [name for name in todo if name.startswith(only)]:
        changed, text = attempt(todo[name], system, node)
        if changed is None:
            failed.append(name)
        word = {True: "changed", False: "unchanged", None: "failed"}[changed]
        print("%-9s %s: %s" % (word, name, text), flush=True)
    system.reload()
    if not only and not failed:
        # Of this machine, not of the one whose image it was made from.
        system.write(COMPLETE, system.read("/var/lib/cloud/data/instance-id"))
    so = "failed: " + ", ".join(failed) if failed else "as it should be"
    print("%s: %s: %s" % (node["fqdn"], only + " alone" if only else "all", so))
    return int(bool(failed))


def accept(system: System, source: str, pairs: List[str]) -> Node:
    """Return the node to be, its data checked and in place."""
    old = text = system.read(NODE)
    if source:
        with open(0 if source == "-" else source, encoding="utf-8") as file:
            text = file.read()
    node = parse_node(text)
    names = re.findall('"fqdn": *"(.*?)"', old) or [node["fqdn"]]
    need(not source or (names == [node["fqdn"]] and system.link(node["address"])),
         "for %s, %s: another node" % (node["fqdn"], node["address"]))
    devices = parse_devices(system.read(DEVICES))
    for pair in pairs:
        key, _, path = pair.partition("=")
        need(key in [item["key"] for item in node["volumes"]], "no such volume: " + pair)
        devices[key] = path
    shown = json.dumps(devices)
    parse_devices(shown)
    if pairs:
        system.write(DEVICES, shown)
    if source:
        system.write(NODE, text)
    return node


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("data", nargs="?", default="")
    options.add_argument("--device", action="append", default=[])
    options.add_argument("--firewall", choices=("off", "on"))
    for switch in "--volumes", "--check", "--json":
        options.add_argument(switch, action="store_true")
    given = options.parse_args()
    system = System(given.check)
    try:
        if given.check:
            node = parse_node(system.read(NODE))
        else:
            # Another run is waited for; every wait in it is bounded.
            lock = open(system.path("/run/carbonio-node.lock"), "w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            node = accept(system, given.data, given.device)
    except Exception as error:
        print("refused, nothing was changed: %r" % error, file=sys.stderr)
        return 2
    if given.check:
        return report(system, node, given.json)
    if given.firewall == "off":
        system.write(OFF, "")
    elif given.firewall:
        system.remove(OFF)
    return apply(system, node, "firewall" if given.firewall else "volume" * given.volumes)


if __name__ == "__main__":
    sys.exit(main())
