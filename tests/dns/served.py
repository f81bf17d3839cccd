"""Zones served as on the Internet, on loopback ports alone: NSD has them, Unbound asks it, a program asks Unbound."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest

SECONDS = 20
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))
HOST = (
    "$ORIGIN {zone}.\n"
    "@ 3600 IN SOA ns.dns-host.example. hostmaster.dns-host.example. 1 7200 900 1209600 300\n"
    "@ 3600 IN NS ns.dns-host.example.\n"
)
"""What a host of DNS puts around the records of a zone."""

_NSD = """
server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  server-count: 1
  username: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
remote-control:
  control-enable: no
"""
_UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  outgoing-interface: 127.0.0.1
  do-ip6: no
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
"""


@functools.cache
def _missing(program: str) -> bool:
    return shutil.which(program, path=PATH) is None


def need(*programs: str) -> None:
    """Skip the test, naming what is missing."""
    for program in programs or ("nsd", "unbound"):
        if _missing(program):
            pytest.skip(f"no {program}: nobody to serve or to judge a zone")


def check_zone(folder: Path, zone: str, records: str) -> None:
    """Let BIND's named-checkzone read a zone file, with what a host of DNS puts around it."""
    file = folder / f"{zone}.checked"
    file.write_text(HOST.format(zone=zone) + records, "utf-8")
    # Out of the zone are only names that nobody here can answer for: -i local.
    words = ["named-checkzone", "-i", "local", "-k", "fail", "-M", "fail", "-n", "fail", "-S", "fail", zone, str(file)]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, env={"PATH": PATH})
    assert ended.returncode == 0, ended.stdout + ended.stderr


def reverse_zones(names: Mapping[str, str]) -> dict[str, str]:
    """Return a zone with the reverse name for each address."""
    zones = {}
    for address, name in names.items():
        zone = ipaddress.ip_address(address).reverse_pointer
        zones[zone] = f"{zone}. 3600 IN PTR {name.removesuffix('.')}.\n"
    return zones


class Served(NamedTuple):
    """Zones being served.

    Attributes:
        authority: Port of NSD.
        resolver: Port of Unbound.
    """

    authority: int
    resolver: int

    def ask(self, name: str, type_: str, *, tcp: bool = False) -> dns.message.Message:
        """Ask Unbound, by UDP with the answer's size that resolvers use, or by TCP."""
        query = dns.message.make_query(name, type_, use_edns=0, payload=1232)
        if tcp:
            return dns.query.tcp(query, "127.0.0.1", SECONDS, self.resolver)
        return dns.query.udp(query, "127.0.0.1", SECONDS, self.resolver)

    def client(self) -> dns.resolver.Resolver:
        """Return a resolver of dnspython that asks Unbound alone."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.resolver
        resolver.timeout, resolver.lifetime = 2.0, 10.0
        return resolver


@contextlib.contextmanager
def served(folder: Path, zones: Mapping[str, str]) -> Iterator[Served]:
    """Serve zones until the end of the block; all other names do not exist.

    Args:
        folder: For files of the programs.
        zones: Records of each zone in the format of RFC 1035, without SOA and NS.
    """
    need()
    folder.mkdir(parents=True, exist_ok=True)
    ports = Served(_free_port(), _free_port())
    everything = {".": "", "dns-host.example": "ns.dns-host.example. 3600 IN A 127.0.0.1\n", **zones}
    nsd, unbound = _NSD.format(port=ports.authority, folder=folder), _UNBOUND.format(port=ports.resolver, folder=folder)
    for zone, records in everything.items():
        file = folder / f"{zone.replace('.', '_')}.zone"
        head = HOST.format(zone=zone) if zone != "." else HOST.replace("{zone}.", ".")
        file.write_text(head + records, "utf-8")
        nsd += f'zone:\n  name: "{zone}"\n  zonefile: "{file}"\n'
        unbound += f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{ports.authority}\n'
        if zone.endswith(".arpa"):
            # Private and documentation ranges have empty zones of their own in Unbound.
            unbound = unbound.replace("remote-control:", f'  local-zone: "{_class_c(zone)}" nodefault\nremote-control:')
    with _running(folder, "nsd", nsd, ports.authority), _running(folder, "unbound", unbound, ports.resolver):
        yield ports


def _class_c(zone: str) -> str:
    return zone.partition(".")[2]


@contextlib.contextmanager
def _running(folder: Path, program: str, configuration: str, port: int) -> Iterator[None]:
    file, log = folder / f"{program}.conf", folder / f"{program}.log"
    file.write_text(configuration, "utf-8")
    with log.open("w", encoding="utf-8") as out:
        # In a group of its own: NSD has children.
        process = subprocess.Popen(
            [program, "-d", "-c", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={"PATH": PATH},
            start_new_session=True,
        )
        try:
            _wait(process, port, log)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    query = dns.message.make_query("dns-host.example", "SOA")
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, dns.exception.DNSException):
            if dns.query.udp(query, "127.0.0.1", 0.5, port).rcode() == dns.rcode.NOERROR:
                return
        time.sleep(0.1)
    pytest.fail(f"{process.args!r} does not answer:\n{log.read_text('utf-8')}")


def _free_port() -> int:
    """Return a port that is free for both UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                return port
