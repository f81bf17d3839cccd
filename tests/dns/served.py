"""Zones served as on the Internet, on loopback ports alone: NSD has them, Unbound asks it, a program asks Unbound."""

from __future__ import annotations

import contextlib
import ipaddress
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import dns.message
import dns.query
import dns.resolver
import pytest

from tests.name_servers import HOST, PATH, authoritative, missing, resolver, whole_zone

SECONDS = 20


def need(*programs: str) -> None:
    """Skip the test, naming what is missing."""
    if why := missing(*(programs or ("nsd", "unbound"))):
        pytest.skip(f"{why}: nobody to serve or to judge a zone")


def check_zone(folder: Path, zone: str, records: str) -> None:
    """Let BIND's named-checkzone read a zone file, with what a host of DNS puts around it."""
    file = folder / f"{zone}.checked"
    file.write_text(whole_zone(zone, records), "utf-8")
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
            return dns.query.tcp(query, HOST, SECONDS, self.resolver)
        return dns.query.udp(query, HOST, SECONDS, self.resolver)

    def client(self) -> dns.resolver.Resolver:
        """Return a resolver of dnspython that asks Unbound alone."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [HOST], self.resolver
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
    everything = {".": "", **zones}
    with (
        authoritative(folder / "nsd", everything) as authority,
        resolver(folder / "unbound", dict.fromkeys(everything, authority)) as asked,
    ):
        yield Served(authority, asked)
