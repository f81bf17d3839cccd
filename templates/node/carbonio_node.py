"""What carbonio-node-configure and carbonio-node-check share: the machine, the data file, DNS.

Runs on Python 3.6 (the platform-python of RHEL 8) and newer, with the standard library alone.
"""
import importlib
import ipaddress
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

NODE = "/etc/carbonio-node/node.json"
DEVICES = "/etc/carbonio-node/devices.json"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Node = Dict[str, Any]
Done = Tuple[bool, str]  # whether a step changed something, and what is so now
Result = NamedTuple("Result", [("code", int), ("out", str), ("err", str)])


class Failure(Exception):
    """Something that cannot be done; the text says why and, where it helps, how to mend it."""
    pass


class BadData(Failure):
    """Data that cannot be used; nothing has been changed."""
    pass


def need(fact: object, why: str) -> None:
    if not fact:
        raise Failure(why)


class System:
    """This machine, or a folder that stands for it in tests.

    Below another root than / all files are below that folder, every command is recorded in
    <root>/commands.jsonl, and only programs that the folder itself carries are run. With `dry`
    the first change that would be needed is a Failure: so the steps serve as checks too.
    """

    def __init__(self, root: str, wait: float, dry: bool) -> None:
        self.root, self.wait, self.dry = os.path.realpath(root), wait, dry

    def changes(self, what: str) -> None:
        if self.dry:
            raise Failure("not done: %s: run carbonio-node-configure" % what)

    def path(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip("/"))

    def exists(self, path: str) -> bool:
        return os.path.exists(self.path(path))

    def data(self, path: str) -> bytes:
        try:
            with open(self.path(path), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return b""

    def read(self, path: str) -> str:
        """Return the text of a file, none where there is no file."""
        return self.data(path).decode("utf-8", "replace")

    def write(self, path: str, content: Union[str, bytes], mode: int = 0o644) -> bool:
        """Replace a file, on a disk atomically, if its content differs; True if it did."""
        new = content if isinstance(content, bytes) else content.encode("utf-8")
        if self.exists(path) and self.data(path) == new:
            return False
        self.changes("write " + path)
        full = os.path.realpath(self.path(path))
        if path.startswith(("/proc/", "/sys/")):
            with open(full, "wb") as file:
                file.write(new)
            return True
        os.makedirs(os.path.dirname(full), exist_ok=True)
        # A constant name: what a killed run leaves is overwritten by the next one.
        with open(full + ".carbonio-new", "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(new)
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
        """Put a file of systemd in place, or remove it if `text` is empty; True if it differed."""
        path = "/etc/systemd/system/" + path
        changed = self.write(path, text) if text else self.remove(path)
        if changed:
            self.act("systemctl", "daemon-reload")
        return changed

    def which(self, name: str) -> Optional[str]:
        return shutil.which(name, path=":".join(self.path(part) for part in PATH.split(":")))

    def run(self, *argv: str, check: bool = True, secret: str = "") -> Result:
        """Run a command with the C locale and no input; if `check`, its failure is a Failure."""
        shown = " ".join(argv).replace(secret or "\0", "***")
        program = self.which(argv[0])
        environment = dict(os.environ, PATH=PATH, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
        result = Result(127, "", "command not found")
        if self.root != "/":
            environment["ROOT"] = self.root
            with open(self.path("commands.jsonl"), "a") as file:
                file.write(json.dumps(shown.replace(self.root + "/", "/")) + "\n")
            result = Result(0, "", "")
        if program:
            done = subprocess.run(
                (program,) + argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment)
            result = Result(done.returncode, done.stdout.decode("utf-8", "replace"),
                            done.stderr.decode("utf-8", "replace"))
        if check and result.code:
            words = (result.err.strip() or result.out.strip()).splitlines()[-2:]
            raise Failure("%s: exit status %d: %s" % (
                shown, result.code, " / ".join(words).replace(secret or "\0", "***")))
        return result

    def act(self, *argv: str, check: bool = True, secret: str = "") -> Result:
        """Run a command that changes something."""
        self.changes(" ".join(argv).replace(secret or "\0", "***"))
        return self.run(*argv, check=check, secret=secret)

    def succeeds(self, *argv: str) -> bool:
        return self.run(*argv, check=False).code == 0

    def until(self, seconds: float, test: Callable[[], bool], what: str = "") -> bool:
        """Wait, at most `seconds` or what --wait says, until `test` holds; say for `what`."""
        end = time.monotonic() + min(seconds, self.wait)
        while not test():
            if time.monotonic() >= end:
                return False
            if what:
                print("waiting  ", what, flush=True)
            what = ""
            time.sleep(1)
        return True

    def mounts(self) -> Dict[str, Tuple[str, str]]:
        """Return mount point -> (real path of its source, file system) of what is mounted now."""
        rows = (line.split() for line in self.read("/proc/self/mounts").splitlines())
        return {row[1]: (os.path.realpath(self.path(row[0])), row[2]) for row in rows}

    def enable(self, unit: str) -> bool:
        """Make a unit start at every boot; True if it did not."""
        if self.succeeds("systemctl", "is-enabled", unit):
            return False
        self.act("systemctl", "enable", unit)
        return True

    def active(self, unit: str) -> bool:
        return self.succeeds("systemctl", "is-active", unit)

    def link(self, address: str) -> str:
        """Return the interface that has an address, none where there is none."""
        shown = self.run("ip", "-o", "-4", "addr", "show").out
        found = re.search(r"(?m)^\d+: ([^\s@]+)\S* +inet %s/" % re.escape(address), shown)
        return found.group(1) if found else ""


def family(node: Node) -> Any:
    """Return the module for the node's family of operating systems; only that one is installed."""
    return importlib.import_module("carbonio_dnf" if "rhel" in node["os"] else "carbonio_apt")


def content(node: Node, path: str) -> str:
    """Return the text of a rendered file of the node, none where it has no such file."""
    return "".join(line + "\n" for line in node["files"].get(path, ()))


LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
NAME = r"({0}\.)+{0}".format(LABEL)
IPV4 = r"[0-9]+(\.[0-9]+){3}"
URL = r"https?://[\w.:-]+(/[\w.~%+=&?/-]*)?"
KEY = URL.replace("s?", "s")
WORD = r"[A-Za-z0-9][\w+.:-]*"
FOLDER = r"(/[\w-][\w.-]*)+"
RULES = {"ubuntu": "/etc/nftables.conf", "rhel": "/etc/firewalld/zones/carbonio.xml"}
FILE = (r"/etc/(nftables\.conf|firewalld/(zones/carbonio|ipsets/carbonio-[\w-]+)\.xml|"
        r"dnsmasq\.d/carbonio\.conf|wireguard/wg0\.conf|"
        r"(sysctl\.d/60-|modules-load\.d/|modprobe\.d/)carbonio-gateway\.conf)")
# A text is a pattern, a list of one element holds for every element, a dict is a mapping with
# at least these keys, a tuple lists the alternatives, a type stands for its values.
REPOSITORY = (
    None,
    {"apt": {"uri": URL, "suite": WORD, "components": [WORD], "key_url": KEY, "keyring": FOLDER}},
    {"yum": {"id": WORD, "name": "[ -~]+", "baseurl": URL, "gpgkey": KEY, "gpgcheck": bool,
             "repo_gpgcheck": bool}})
SCHEMA = {
    "format": (1,), "name": LABEL, "fqdn": NAME, "domain": NAME, "address": IPV4,
    "cluster": IPV4 + "/[0-9]+", "os": "(ubuntu|rhel)-[0-9.]+", "roles": [LABEL],
    "locale": r"[a-z]+_[A-Z]+\.UTF-8", "time_servers": [WORD], "memory_gib": (int, float),
    "volumes": [{"key": LABEL, "mount": FOLDER, "filesystem": "ext4|xfs"}],
    "repositories": {"carbonio": REPOSITORY, "postgresql": REPOSITORY},
    "subscription": (None, "rhui", "registered", "activation-key"), "repository_ids": [WORD],
    "epel": bool, "packages": [WORD], "host_firewall": bool,
    "router": (None, IPV4), "resolvers": [IPV4], "files": {}}


def faults(value: Any, schema: Any, where: str) -> List[str]:
    """Return what in `value` does not fit the schema, one text for each fault."""
    if isinstance(schema, dict) and isinstance(value, dict):
        return [text for key in schema
                for text in faults(value.get(key, "missing"), schema[key], where + "." + key)]
    if isinstance(schema, list) and isinstance(value, list):
        return [text for item in value for text in faults(item, schema[0], where)]
    if isinstance(schema, tuple):
        found = [faults(value, each, where) for each in schema]
        # The alternative that fits best is the one whose first fault lies deepest.
        return [] if [] in found else max(found, key=lambda f: f[0].split(":")[0].count("."))
    if isinstance(schema, str) and isinstance(value, str):
        fits = re.match("(?:" + schema + r")\Z", value, re.ASCII) is not None
    else:
        fits = type(value) is schema or (type(value) is type(schema) and value == schema)
    return [] if fits else ["%s: unusable: %s" % (where, json.dumps(value))]


def parse(text: str, origin: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadData("%s: not JSON: %s" % (origin, error)) from error


def parse_node(text: str, origin: str) -> Node:
    """Return the node that `text` describes, or raise BadData with every problem in it."""
    node = parse(text, origin)
    found = faults(node, SCHEMA, "node")
    if not found:
        found = faults(list(node["files"]), [FILE], "node.files") + faults(
            node["files"], {path: [r"[ -~\t]*"] for path in node["files"]}, "node.files")
        if node["host_firewall"] != (RULES[node["os"].split("-")[0]] in node["files"]):
            found.append("node.host_firewall: its file does not fit it")
        if node["fqdn"] != "%(name)s.%(domain)s" % node:
            found.append("node.fqdn: is not %(name)s.%(domain)s" % node)
        for field in ("key", "mount"):
            if len({item[field] for item in node["volumes"]}) != len(node["volumes"]):
                found.append("node.volumes: two with the same " + field)
        try:
            if ipaddress.ip_address(node["address"]) not in ipaddress.ip_network(node["cluster"]):
                found.append("node.address: outside of the cluster's network")
            for address in node["resolvers"] + [node["router"] or "127.0.0.1"]:
                ipaddress.ip_address(address)
        except ValueError as error:
            found.append("node.address: %s" % error)
    if found:
        raise BadData("%s: %s" % (origin, "; ".join(found)))
    return dict(node)


def parse_devices(text: str) -> Dict[str, str]:
    """Return volume key -> device path from the text of devices.json."""
    devices = parse(text or "{}", DEVICES)
    found = faults(devices, {key: "/dev" + FOLDER for key in devices}, "devices")
    if found:
        raise BadData("%s: %s" % (DEVICES, "; ".join(found)))
    return dict(devices)


def read_name(data: bytes, at: int) -> Tuple[str, int]:
    labels, end = [], 0  # type: Tuple[List[str], int]
    for _ in range(256):
        size = data[at]
        if size >= 0xC0:
            end = end or at + 2
            at = struct.unpack_from("!H", data, at)[0] & 0x3FFF
        elif not size:
            return ".".join(labels).lower(), end or at + 1
        else:
            labels.append(data[at + 1:at + 1 + size].decode("ascii", "replace"))
            at += 1 + size
    raise ValueError("a name without an end")


def answers(data: bytes, kind: int) -> List[str]:
    count = struct.unpack_from("!H", data, 6)[0]
    at, found = read_name(data, 12)[1] + 4, []
    for _ in range(count):
        at = read_name(data, at)[1]
        rtype, size = struct.unpack_from("!H6xH", data, at)
        at += 10
        end = at + size
        if rtype == kind == 1:
            found.append(socket.inet_ntoa(data[at:end]))
        elif rtype == kind == 15:
            found.append(read_name(data, at + 2)[0])
        elif rtype == kind == 16:
            text = ""
            while at < end:
                text += data[at + 1:at + 1 + data[at]].decode("utf-8", "replace")
                at += 1 + data[at]
            found.append(text)
        at = end
    return found


def ask(system: System, name: str, kind: str) -> List[str]:
    """Return the A, MX (targets) or TXT records of a name from DNS, not from the hosts file."""
    number = {"A": 1, "MX": 15, "TXT": 16}[kind]
    query = os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\1"
    for label in name.split("."):
        query += struct.pack("!B", len(label)) + label.encode("ascii")
    # The last record is EDNS: answers of up to 4096 bytes come in one datagram.
    query += struct.pack("!BHH", 0, number, 1) + b"\0\0\x29\x10\0\0\0\0\0\0\0"
    text = system.read("/etc/resolv.conf")
    # The local stub of systemd-resolved would answer from the hosts file.
    if "127.0.0.53" in text:
        text = system.read("/run/systemd/resolve/resolv.conf")
    problem = "no name server in resolv.conf"
    for server, port in re.findall(r"(?m)^nameserver\s+([0-9.]+)#?([0-9]*)$", text):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.settimeout(3)
                datagrams.connect((server, int(port or 53)))
                datagrams.send(query)
                data = datagrams.recv(4096)
            code = data[3] & 15
            if data[:2] == query[:2] and code in (0, 3):
                return answers(data, number)
            problem = "%s answers with error %d" % (server, code)
        except (OSError, ValueError, IndexError, struct.error) as error:
            problem = "%s: %s" % (server, error)
    raise Failure("DNS does not answer for %s %s: %s" % (name, kind, problem))
