"""Runs on a guest or in one of the lab's namespaces: prints as JSON which probes are answered, and how.

What is asked for is put in place of a mark: {"seconds": ..., "probes": [[source, target, protocol, [port, ...]], ...]}.
A row of the answer is [source, target, protocol, port, what]: the address that the other side saw, empty where it does
not tell, or `refused`. Silence gives no row.
"""

from __future__ import annotations

import errno
import json
import resource
import selectors
import socket
import struct
import sys
import time
from typing import NamedTuple

BATCH = 400
# A question for the name example.com: a real name server answers it, and the listener sends it back.
QUESTION = b"\x13\x37\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"


class Probe(NamedTuple):
    """One packet that begins a connection."""

    source: str
    target: str
    protocol: str
    port: int


def send(probe: Probe) -> socket.socket:
    """Send it, and return the socket on which the answer comes."""
    kinds = {
        "tcp": (socket.SOCK_STREAM, 0),
        "udp": (socket.SOCK_DGRAM, 0),
        "icmp": (socket.SOCK_RAW, socket.IPPROTO_ICMP),
    }
    entry = socket.socket(socket.AF_INET, *kinds[probe.protocol])
    entry.setblocking(False)
    if probe.protocol == "tcp":
        entry.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if probe.source:
        entry.bind((probe.source, 0))
    code = entry.connect_ex((probe.target, probe.port))
    if code not in (0, errno.EINPROGRESS):
        raise OSError(code, f"{probe}")
    again(probe, entry)
    return entry


def again(probe: Probe, entry: socket.socket) -> None:
    """Send what may be lost."""
    try:
        if probe.protocol == "udp":
            entry.send(QUESTION)
        elif probe.protocol == "icmp":
            # An echo request with its checksum (RFC 792).
            entry.send(b"\x08\x00\xe5\xca\x12\x34\x00\x01")
    except OSError:
        pass


def read(probe: Probe, entry: socket.socket) -> str | None:
    """Return what an answer says; None if it is none."""
    try:
        data = entry.recv(2048)
    except BlockingIOError:
        return None
    except OSError:
        return "refused"
    if probe.protocol == "icmp":
        return "" if data[20:21] == b"\0" and data[24:26] == b"\x12\x34" else None
    if probe.protocol == "udp":
        return data[len(QUESTION) :].decode() if data.startswith(QUESTION) else ""
    text = data.decode("ascii", "replace")
    return text if text.replace(".", "").isdigit() else ""


def stands(probe: Probe, entry: socket.socket) -> bool:
    """Say whether there is a connection, though the other side says nothing: a name server waits for a question."""
    if probe.protocol != "tcp":
        return False
    try:
        entry.getpeername()
    except OSError:
        return False
    return True


def batch(probes: list[Probe], seconds: float) -> dict[Probe, str]:
    """Send some together and wait for their answers."""
    selector = selectors.DefaultSelector()
    waiting: dict[Probe, socket.socket] = {}
    found: dict[Probe, str] = {}

    def receive(wait: float) -> None:
        for key, _ in selector.select(wait):
            probe = key.data
            if probe in waiting and (what := read(probe, waiting[probe])) is not None:
                found[probe] = what
                selector.unregister(waiting[probe])
                waiting.pop(probe).close()

    for count, probe in enumerate(probes):
        waiting[probe] = send(probe)
        selector.register(waiting[probe], selectors.EVENT_READ, probe)
        if not count % 20:
            receive(0)
    ends = time.monotonic() + seconds
    repeat = ends - seconds / 2
    while waiting and (now := time.monotonic()) < ends:
        receive(max(0.0, (repeat if now < repeat else ends) - now))
        if now < repeat <= time.monotonic():
            for probe, entry in waiting.items():
                again(probe, entry)
    for probe, entry in waiting.items():
        if stands(probe, entry):
            found[probe] = ""
        entry.close()
    selector.close()
    return found


def main() -> None:
    """Do what is asked."""
    asked = json.loads(r"""@@ASKED@@""")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    probes = [
        Probe(source, target, protocol, port) for source, target, protocol, ports in asked["probes"] for port in ports
    ]
    found: dict[Probe, str] = {}
    for start in range(0, len(probes), BATCH):
        found.update(batch(probes[start : start + BATCH], asked["seconds"]))
    sys.stdout.write(json.dumps([[*probe, what] for probe, what in found.items()]))


main()
