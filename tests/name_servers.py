"""Real name servers on loopback: NSD with the zones of a test, and Unbound that asks it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.packets.namespaces import ended

HOST = "127.0.0.1"
_SECONDS = 15.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin"
_HEAD = "@ 60 IN SOA ns hostmaster 1 3600 600 86400 30\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n"


def missing(*programs: str) -> str:
    """Return why the servers cannot be started here; empty when they can."""
    lacking = [name for name in programs if shutil.which(name, path=PATH) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def free_port() -> int:
    """Return a port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            stream.bind((HOST, 0))
            port: int = stream.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, contextlib.suppress(OSError):
                datagram.bind((HOST, port))
                return port


def whole_zone(name: str, records: str) -> str:
    """Return records with the start that a server needs beside them."""
    return f"$ORIGIN {_full(name)}\n$TTL 60\n{_HEAD}{records}\n"


def _full(name: str) -> str:
    """Return a name with its final dot; the root's is all there is of it."""
    return f"{name.removesuffix('.')}."


@contextlib.contextmanager
def authoritative(folder: Path, zones: Mapping[str, str]) -> Iterator[int]:
    """Serve zones with NSD; yields its port.

    Args:
        folder: For its files.
        zones: Records by name of the zone, without SOA and NS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    lines = [
        "server:",
        f"  ip-address: {HOST}@{port}",
        "  server-count: 1",
        '  username: ""',
        '  database: ""',
        '  chroot: ""',
        "  verbosity: 1",
        f'  pidfile: "{folder}/nsd.pid"',
        f'  xfrdfile: "{folder}/xfrd.state"',
        f'  zonelistfile: "{folder}/zone.list"',
        f'  zonesdir: "{folder}"',
        f'  logfile: "{folder}/nsd.log"',
        "remote-control:",
        "  control-enable: no",
    ]
    for name, records in zones.items():
        (folder / f"{name}.zone").write_text(whole_zone(name, records), "utf-8")
        lines += ["zone:", f"  name: {name}", f"  zonefile: {name}.zone"]
    (folder / "nsd.conf").write_text("\n".join(lines) + "\n", "utf-8")
    with _running(["/usr/sbin/nsd", "-d", "-c", str(folder / "nsd.conf")], port, next(iter(zones)), folder / "nsd.log"):
        yield port


@contextlib.contextmanager
def resolver(folder: Path, zones: Mapping[str, int]) -> Iterator[int]:
    """Run Unbound, which knows where zones are served; yields its port. It asks nobody else.

    Args:
        folder: For its files.
        zones: Port of the server by name of the zone. Without the root among them, all other names are refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    lines = [
        "server:",
        f"  interface: {HOST}@{port}",
        f"  port: {port}",
        "  access-control: 127.0.0.0/8 allow",
        "  do-not-query-localhost: no",
        '  module-config: "iterator"',
        '  chroot: ""',
        '  username: ""',
        "  do-daemonize: no",
        "  use-syslog: no",
        f'  directory: "{folder}"',
        f'  pidfile: "{folder}/unbound.pid"',
        f'  logfile: "{folder}/unbound.log"',
        "  num-threads: 1",
        "  do-ip6: no",
        "  ede: yes",
        # Private and documentation ranges have empty zones of their own in Unbound, of 256 addresses each.
        *(
            f"  local-zone: {_full(one)} nodefault"
            for name in zones
            if name.endswith("in-addr.arpa")
            for one in (name, name.partition(".")[2])
        ),
        "remote-control:",
        "  control-enable: no",
    ]
    # Nothing leaves the machine: whatever else is asked for, is refused by a server that has no such zone.
    for name, server in {".": next(iter(zones.values())), **zones}.items():
        lines += ["stub-zone:", f"  name: {_full(name)}", f"  stub-addr: {HOST}@{server}"]
    (folder / "unbound.conf").write_text("\n".join(lines) + "\n", "utf-8")
    command = ["/usr/sbin/unbound", "-d", "-c", str(folder / "unbound.conf")]
    with _running(command, port, next(iter(zones)), folder / "unbound.log"):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int, zone: str, log: Path) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr, ended(process):
        question = dns.message.make_query(_full(zone), "SOA")
        end = time.monotonic() + _SECONDS
        while True:
            with contextlib.suppress(dns.exception.DNSException, OSError):
                if dns.query.udp(question, HOST, timeout=0.5, port=port).answer:
                    break
            said = log.read_text("utf-8", "replace") if log.exists() else ""
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} ended: {process.stderr.read().decode()}{said}")
            assert time.monotonic() < end, f"{command[0]} serves no {zone}: {said}"
            time.sleep(0.05)
        yield
