"""Fixtures of the tests of a node's programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.machine import ADDRESS, Machine, Resolver, a, mx, txt

RECORDS = {
    ("store1.example.com", 1): [a(ADDRESS)],
    ("mail.example.com", 1): [a("10.20.128.10")],
    ("example.com", 15): [mx("mail.example.com")],
    ("example.com", 16): [txt(b"v=spf1 ip4:192.0.2.1", b" -all")],
    ("_dmarc.example.com", 16): [txt(b"v=DMARC1; p=none")],
}


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    """A name server that knows what the inside of a deployment knows."""
    server = Resolver(RECORDS)
    yield server
    server.close()


@pytest.fixture
def machine(tmp_path: Path, resolver: Resolver) -> Machine:
    """A freshly booted machine with one blank data volume."""
    found = Machine(tmp_path)
    found.put("etc/resolv.conf", resolver.line)
    return found
