"""Runs on a node: what Carbonio's installer checks, stated as it states it; prints complaints as JSON.

Sources, all public: setup.pl of carbonio-core-utils (DNS by Net::DNS, which knows no hosts file; ports in use),
pkg/command/common.go of service-discover (bind address, loopback), hosts_check.yml and validate_fqdn_checks.yml of the
playbook, and the source document's software prerequisites. Nothing of what is generated takes part.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ASKED = json.loads(r"""@@ASKED@@""")
DOMAIN, MTA, NODES = ASKED["domain"], ASKED["mta"], ASKED["nodes"]

TYPES = {"A": 1, "MX": 15, "TXT": 16, "AAAA": 28}
# checkPortConflicts of setup.pl, and what the roles' own tables add on an empty machine.
MUST_BE_FREE = {
    25,
    80,
    110,
    143,
    389,
    443,
    465,
    587,
    636,
    993,
    995,
    7025,
    7071,
    7072,
    7306,
    7307,
    8465,
    *range(10024, 10031),
}


def run(*words: str) -> str:
    """Return what a command prints."""
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def name_servers() -> list[str]:
    """Return whom Net::DNS asks, and those behind a stub, which may answer from the hosts file."""
    found = re.findall(r"(?m)^nameserver\s+([0-9.]+)", Path("/etc/resolv.conf").read_text())
    if "127.0.0.53" in found:
        # Servers of single interfaces are not asked: the global ones draw every name.
        found += re.findall(r"[0-9.]{7,}", re.findall("(?m)^Global:(.*)", run("resolvectl", "dns"))[0])
    return found


def skip(data: bytes, at: int) -> int:
    """Return where a name in a message ends."""
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def expand(data: bytes, at: int) -> str:
    """Return a name in a message, whose parts may stand elsewhere in it."""
    words = []
    while data[at]:
        if data[at] >= 0xC0:
            at = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            continue
        words.append(data[at + 1 : at + 1 + data[at]].decode())
        at += data[at] + 1
    return ".".join(words)


def ask(server: str, name: str, kind: str) -> list[str]:
    """Ask one name server for the records of a name (RFC 1035)."""
    question = b"".join(bytes([len(word)]) + word.encode() for word in name.split(".")) + b"\0"
    question += struct.pack("!HH", TYPES[kind], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        for last in (False, False, True):
            asking.sendto(struct.pack("!6H", 4711, 0x0100, 1, 0, 0, 0) + question, (server, 53))
            try:
                data = asking.recv(4096)
                break
            except TimeoutError:
                if last:
                    raise
    at, found = 12 + len(question), []
    for _ in range(struct.unpack_from("!H", data, 6)[0]):
        at = skip(data, at)
        number, _, _, size = struct.unpack_from("!HHIH", data, at)
        at += 10
        if number == TYPES[kind]:
            if kind in ("A", "AAAA"):
                found.append(str(ipaddress.ip_address(data[at : at + size])))
            else:
                found.append(expand(data, at + 2) if kind == "MX" else data[at + 1 : at + size].decode())
        at += size
    return found


def resolved(server: str, name: str) -> list[str]:
    """Return addresses as setup.pl looks for them: A, and AAAA where there is no A."""
    return ask(server, name, "A") or ask(server, name, "AAAA")


def bound() -> set[str]:
    """Return the addresses of all interfaces but the loopback."""
    shown = json.loads(run("ip", "-j", "address", "show"))
    return {entry["local"] for link in shown if link["ifname"] != "lo" for entry in link["addr_info"]}


def setup_pl() -> Iterator[str]:
    """A of the hostname, not loopback; MX of the domain; on an MTA, one that resolves to this host."""
    servers = name_servers()
    if not servers:
        yield "there is no name server"
    for server in servers:
        yield from records(server, run("hostname", "-f"))
    shown = [line.split() for line in run("ss", "-lntuH").splitlines()]
    taken = {int(words[4].rpartition(":")[2]) for words in shown}
    for port in sorted(MUST_BE_FREE & taken):
        yield f"port {port} is in use"


def records(server: str, name: str) -> Iterator[str]:
    """What one name server says."""
    addresses = resolved(server, name)
    if not addresses:
        yield f"DNS ERROR resolving {name} at {server}"
    for address in addresses:
        if ipaddress.ip_address(address).is_loopback:
            yield f"{server}: {name} resolves to the loopback address {address}"
    targets = ask(server, DOMAIN, "MX")
    if not targets:
        yield f"DNS ERROR resolving MX for {DOMAIN} at {server}"
    found = {address for target in targets for address in resolved(server, target)}
    if not found or any(ipaddress.ip_address(address).is_loopback for address in found):
        yield f"{server}: the MX records {targets} resolve to {sorted(found)}"
    if MTA and not found & bound():
        yield f"{server}: none of the MX records {targets}, at {sorted(found)}, resolve to this host"
    for other, address in NODES.items():
        if ask(server, other, "A") != [address] or ask(server, other, "AAAA"):
            yield f"{server}: {other} is {ask(server, other, 'A')} {ask(server, other, 'AAAA')}, not {address}"
    if not any(text.startswith("v=spf1") for text in ask(server, DOMAIN, "TXT")):
        yield f"{server}: no SPF record of {DOMAIN}"
    if not any(text.startswith("v=DMARC1") for text in ask(server, f"_dmarc.{DOMAIN}", "TXT")):
        yield f"{server}: no DMARC record of {DOMAIN}"


def service_discover() -> Iterator[str]:
    """The bind address is one of a non-loopback interface, and the hostname leads there by the system's own way."""
    name = run("hostname", "-f")
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    if not found:
        yield f"hostname '{name}' does not resolve"
    for address in found:
        if ipaddress.ip_address(address).is_loopback:
            yield f"hostname '{name}' is resolving with loopback address, should resolve with LAN address"
        elif address not in bound():
            yield f"invalid binding address selected: {address} is not among {sorted(bound())}"
    if found != {NODES[name]}:
        yield f"{name} is at {sorted(found)}, not at its private address {NODES[name]}"
    if run("hostname", "-i") != NODES[name]:
        yield f"hostname -i says {run('hostname', '-i')}"


def playbook() -> Iterator[str]:
    """There is localhost on one line at most, the FQDN as the hostname, nothing unminimized."""
    pattern = r"^(?!\s*#).*(?:^|\s)localhost(?:\s|$)"
    count = run("grep", "-Pc", pattern, "/etc/hosts")
    if count != "1":
        yield f"localhost is defined on {count} lines of /etc/hosts"
    # zmconfigd needs it (release notes of 26.6.0).
    if "127.0.0.1 localhost" not in Path("/etc/hosts").read_text().splitlines():
        yield "127.0.0.1 localhost is missing in /etc/hosts"
    if run("hostname", "-f") not in NODES or run("hostname", "-f").count(".") < 2:
        yield f"hostname -f says {run('hostname', '-f')}"
    if Path("/etc/update-motd.d/60-unminimize").exists():
        yield "the image is minimized"


def document() -> Iterator[str]:
    """The source document's software prerequisites, in its order."""
    if os.uname().machine != "x86_64":
        yield f"the CPU is {os.uname().machine}"
    for program in ("python3", "perl", "jq", "gpg", "curl", "wget"):
        if not shutil.which(program):
            yield f"{program} is missing"
    if "Python 3" not in run("python3", "--version") or not re.search(r"v5\.\d+", run("perl", "-v")):
        yield "Python 3 or Perl does not work"
    if re.search(r"(?m)^[^#]*:", Path("/etc/hosts").read_text()):
        yield "/etc/hosts has an IPv6 entry"
    if run("ip", "-6", "address", "show"):
        yield f"IPv6 is on: {run('ip', '-6', 'address', 'show')}"
    if run("timedatectl", "show", "-p", "NTPSynchronized", "--value") != "yes":
        yield "the clock is not synchronised"
    if "LANG=en_US.UTF-8" not in run("localectl", "status"):
        yield f"the locale is {run('localectl', 'status')}"
    # The packages create it: it must not be there before.
    if "zextras:" in Path("/etc/passwd").read_text():
        yield "there is a user zextras"
    for program in ("postfix", "exim4", "sendmail", "dovecot", "nginx", "apache2", "httpd"):
        if shutil.which(program):
            yield f"{program} is installed: the installation is not vanilla"


complaints = [text for part in (setup_pl, service_discover, playbook, document) for text in part()]
sys.stdout.write(json.dumps(complaints))
