"""What all parts use: the machine, the node's data, and DNS.

The files carbonio_*.py are parts of one program: a node gets those that it needs, one after the
other, behind the first lines of carbonio-node-configure. So a part uses the names of those before
it without importing them, and a name is given once. Python 3.6 (the platform-python of RHEL 8) and
newer, with the standard library alone.
"""
import collections
import ipaddress
import json
import os
import re
import shutil
import subprocess
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

NODE = "/etc/carbonio-node/node.json"
DEVICES = "/etc/carbonio-node/devices.json"
STATE = "/var/lib/carbonio-node/"
Node = Dict[str, Any]
Done = Tuple[bool, str]  # whether a step changed something, and what is so now
Step = Callable[["System", Node], Done]
Result = collections.namedtuple("Result", "code out err")
# What a part adds: steps before the firewall, before the packages and after them, by name; last
# steps that depend on the node; and checks beside the steps, by what they are called.
EARLY = {}  # type: Dict[str, Step]
SYSTEM = {}  # type: Dict[str, Step]
LATE = {}  # type: Dict[str, Step]
MORE = []  # type: List[Callable[[Node], Dict[str, Step]]]
CHECKS = {}  # type: Dict[str, Callable[[System, Node], Any]]


class Failure(Exception):
    """Something that cannot be done; the text says why and, where it helps, how to mend it."""
    pass


def need(fact: object, why: object) -> None:
    if not fact:
        raise Failure(why)


class System:
    """This machine.

    With `dry` the first change that would be needed is a Failure: so the steps serve as checks too.
    """
    root = ""  # Tests put a folder in its place, and a shorter wait.
    wait = 600
    stale = False  # systemd has files to read.

    def __init__(self, dry: bool) -> None:
        self.dry = dry

    def changes(self, what: str) -> None:
        if self.dry:
            raise Failure("not done: %s: run carbonio-node-configure" % what)

    def path(self, path: str) -> str:
        return self.root + path

    def exists(self, path: str) -> bool:
        return os.path.exists(self.path(path))

    def read(self, path: str) -> str:
        """Return the text of a file, none where there is no file."""
        try:
            with open(self.path(path), encoding="utf-8", errors="replace", newline="") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def write(self, path: str, text: str, mode: int = 0o644) -> bool:
        """Replace a file, on a disk atomically, if its text differs; True if it did."""
        if self.exists(path) and self.read(path) == text:
            return False
        self.changes("write " + path)
        full = os.path.realpath(self.path(path))
        if path.startswith(("/proc/", "/sys/")):
            with open(full, "w") as file:
                file.write(text)
            return True
        os.makedirs(os.path.dirname(full), exist_ok=True)
        # A constant name: what a killed run leaves is overwritten by the next one.
        with open(full + ".carbonio-new", "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(full + ".carbonio-new", full)
        return True

    def remove(self, path: str) -> bool:
        """Remove a file if it is there; True if it was."""
        if not self.exists(path):
            return False
        self.changes("remove " + path)
        os.remove(self.path(path))
        return True

    def unit(self, path: str, text: str) -> bool:
        """Put a file of systemd in place, or remove it if `text` is empty; True if it differed.

        systemd reads it before it is asked to do anything: reading takes it long.
        """
        path = "/etc/systemd/system/" + path
        changed = self.write(path, text) if text else self.remove(path)
        self.stale |= changed
        return changed

    def reload(self) -> None:
        if self.stale:
            self.stale = False
            self.act("systemctl", "daemon-reload")

    def which(self, name: str) -> Optional[str]:
        return shutil.which(name)

    def run(self, *argv: str, check: bool = True) -> Result:
        """Run a command with the C locale and no input; if `check`, its failure is a Failure."""
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                encoding="utf-8", errors="replace",
                env=dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive"))
            result = Result(done.returncode, done.stdout, done.stderr)
        except FileNotFoundError:
            result = Result(127, "", "command not found")
        if check and result.code:
            words = (result.err.strip() or result.out.strip()).splitlines()[-2:]
            raise Failure("%s: exit status %d: %s" % (
                " ".join(argv), result.code, " / ".join(words)))
        return result

    def act(self, *argv: str, check: bool = True) -> Result:
        """Run a command that changes something."""
        if argv[0] == "systemctl" and argv[1] != "--no-reload":
            self.reload()
        self.changes(" ".join(argv))
        return self.run(*argv, check=check)

    def succeeds(self, *argv: str) -> bool:
        return self.run(*argv, check=False).code == 0

    def until(self, seconds: float, test: Callable[[], bool], what: str = "") -> bool:
        """Wait at most `seconds`, in a check not at all, until `test` holds; say for `what`."""
        end = time.monotonic() + min(seconds, self.wait) * (not self.dry)
        while not test():
            if time.monotonic() >= end:
                return False
            if what:
                print("waiting  ", what, flush=True)
            what = ""
            time.sleep(1)
        return True

    def mounts(self) -> Dict[str, str]:
        """Return mount point -> real path of its source, of what is mounted now."""
        rows = (line.split() for line in self.read("/proc/self/mounts").splitlines())
        return {row[1]: os.path.realpath(self.path(row[0])) for row in rows}

    def enable(self, unit: str) -> bool:
        """Make a unit start at every boot; True if it did not."""
        if self.succeeds("systemctl", "is-enabled", unit):
            return False
        self.act("systemctl", "--no-reload", "enable", unit)
        return True

    def active(self, unit: str) -> bool:
        return self.succeeds("systemctl", "is-active", unit)

    def link(self, address: str) -> str:
        """Return the interface that has an address, none where there is none."""
        shown = self.run("ip", "-o", "-4", "addr", "show").out
        found = re.search(r"(?m)^\d+: ([^\s@]+)\S* +inet %s/" % re.escape(address), shown)
        return found.group(1) if found else ""


COMMENT = r"(?m)^ *(#(?!!| Written).*|<!--(?! Written)[^>]*-->)?\n"


def content(node: Node, path: str) -> str:
    """Return the text of a rendered file of the node, none where it has no such file.

    Without its comments, but for where it comes from: user-data has no room for them.
    """
    return re.sub(COMMENT, "", "".join(line + "\n" for line in node["files"].get(path, ())))


RULES = {"ubuntu": "/etc/nftables.conf", "rhel": "/etc/firewalld/zones/carbonio.xml"}
TYPES = {
    str: "name fqdn domain address cluster os locale", list: "roles time_servers volumes packages "
    "repository_ids resolvers install", dict: "repositories files", bool: "host_firewall epel"}


def parse_node(text: str) -> Node:
    """Return the node that `text` describes, or raise whatever shows that it does not.

    The generator vouches for the values; this finds what is no node's data, or is damaged.
    """
    node = json.loads(text)  # type: Node
    need(node["format"] == 1, "format")
    for kind in TYPES:
        for key in TYPES[kind].split():
            need(isinstance(node[key], kind), key)
    # No value may begin another line of a file.
    need(not re.search(r"[^\n -~]|\\[a-z]", text), "characters")
    need(node["fqdn"] == "%(name)s.%(domain)s" % node, "fqdn")
    need(node["host_firewall"] == (RULES[node["os"].split("-")[0]] in node["files"]), "files")
    for path in node["files"]:
        content(node, path)
    inside = ipaddress.ip_network(node["cluster"])
    need(ipaddress.ip_address(node["address"]) in inside, "address")
    return node


def parse_devices(text: str) -> Dict[str, str]:
    """Return volume key -> device path from the text of devices.json."""
    devices = json.loads(text or "{}")
    for path in devices.values():
        need(re.match(r"/dev(/[\w-][\w.:-]*)+\Z", path), path)
    return dict(devices)


def ask(system: System, name: str, kind: str) -> List[str]:
    """Return the A, MX (targets) or TXT records of a name from DNS, not from the hosts file."""
    text = system.read("/etc/resolv.conf")
    # The local stub of systemd-resolved would answer from the hosts file.
    if "127.0.0.53" in text:
        text = system.read("/run/systemd/resolve/resolv.conf")
    servers = re.findall(r"(?m)^nameserver\s+([0-9.]+)$", text)
    for server in servers:
        shown = system.run("dig", "+time=3", "+tries=1", "+noall", "+comments", "+answer",
                           "@" + server, name, kind, check=False).out
        if re.search("status: (NOERROR|NXDOMAIN)", shown):
            found = re.findall(r"(?m)^\S+\s+\d+\s+IN\s+%s\s+(?:\d+ )?(.*?)\.?$" % kind, shown)
            return [record.replace('" "', "").strip('"') for record in found]
    raise Failure("DNS does not answer for %s %s: %s" % (name, kind, servers))
