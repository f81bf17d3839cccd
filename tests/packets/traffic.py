"""Listeners on many ports of many machines, and probes of them: what answers is open, silence is closed."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple, final

from tests.packets.namespaces import Namespace

_LINGER_NONE = struct.pack("ii", 1, 0)
_BATCH = 2000
_IP_PKTINFO = 8
"""Of ip(7); Python 3.10 has no name for it."""
_SO_RCVBUFFORCE = 33
"""Of socket(7), likewise."""


class Probe(NamedTuple):
    """One packet that begins a connection.

    Attributes:
        source: Where it is sent.
        address: The sender's address; empty for what the route chooses.
        target: An address.
        protocol: `tcp`, `udp` or `icmp` (echo).
    """

    source: Namespace
    address: str
    target: str
    protocol: str
    port: int


class Answer(NamedTuple):
    """Which machine answered, and the address that it saw."""

    machine: str
    peer: str


class Listeners:
    """Answers on ports of machines from a thread, with the machine's name and the peer's address."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._opened: list[socket.socket] = []
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop = False
        self.datagrams: dict[tuple[str, int, str], int] = {}
        """How many came, by machine, port and peer."""
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._thread.start()

    def open(self, machine: Namespace, tcp: Iterable[int], udp: Iterable[int], family: int = socket.AF_INET) -> None:
        """Listen on every address of a machine, IPv4 or IPv6."""
        every = "::" if family == socket.AF_INET6 else ""
        wanted = [(socket.SOCK_STREAM, port) for port in tcp] + [(socket.SOCK_DGRAM, port) for port in udp]
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            ports = [port for other, port in wanted if other == kind]
            for listener, port in zip(machine.sockets(len(ports), kind, 0, family), ports, strict=True):
                self._opened.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if kind == socket.SOCK_DGRAM:
                    # Room for what comes while this thread waits for its turn.
                    listener.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 22)
                if kind == socket.SOCK_DGRAM and family == socket.AF_INET:
                    listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind((every, port))
                if kind == socket.SOCK_STREAM:
                    listener.listen(64)
                self._selector.register(listener, selectors.EVENT_READ, (machine.short, port, kind))
        self._wake.send(b"+")

    def close(self) -> None:
        """Stop answering."""
        self._stop = True
        self._wake.send(b"x")
        self._thread.join()
        self._selector.close()
        for entry in (*self._opened, self._wake, self._woken):
            entry.close()

    def _serve(self) -> None:
        while not self._stop:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._woken.recv(64)
                    continue
                with contextlib.suppress(OSError):
                    self._answer(key.fileobj, *key.data)

    def _answer(self, entry: object, machine: str, port: int, kind: int) -> None:
        assert isinstance(entry, socket.socket)
        if kind == socket.SOCK_DGRAM:
            _, extra, _, peer = entry.recvmsg(2048, 64)
            seen = (machine, port, peer[0])
            self.datagrams[seen] = self.datagrams.get(seen, 0) + 1
            entry.sendmsg([f"{machine} {peer[0]}\n".encode()], _answered_from(extra), 0, peer)
        elif port:
            connection, peer = entry.accept()
            connection.setblocking(False)
            connection.send(f"{machine} {peer[0]}\n".encode())
            self._opened.append(connection)
            self._selector.register(connection, selectors.EVENT_READ, (machine, 0, kind))
        else:
            self._echo(entry)

    def _echo(self, connection: socket.socket) -> None:
        """Send back what comes on a connection, until its end."""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = connection.recv(2048)
        if data:
            connection.send(data)
            return
        self._selector.unregister(connection)
        self._opened.remove(connection)
        connection.close()


def _answered_from(extra: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Return what makes an answer leave from the address that was asked, and not from the route's choice."""
    return [
        (level, kind, struct.pack("=i4s4s", 0, data[8:12], bytes(4)))
        for level, kind, data in extra
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO)
    ]


def probe(probes: Sequence[Probe], seconds: float = 0.5) -> dict[Probe, Answer]:
    """Send them all and return the answers of those that were answered in time.

    Args:
        probes: What to send.
        seconds: How long to wait after the last was sent.

    Raises:
        OSError: A machine refused instead of keeping silent: packets must be dropped.
    """
    found: dict[Probe, Answer] = {}
    for start in range(0, len(probes), _BATCH):
        with _Batch(probes[start : start + _BATCH]) as batch:
            found.update(batch.run(seconds))
    return found


@final
class _Batch:
    def __init__(self, probes: Sequence[Probe]) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Probe, socket.socket] = {}
        kinds = {
            "tcp": (socket.SOCK_STREAM, 0),
            "udp": (socket.SOCK_DGRAM, 0),
            "icmp": (socket.SOCK_RAW, socket.IPPROTO_ICMP),
        }
        places: dict[tuple[Namespace, str, int], list[Probe]] = {}
        for entry in probes:
            family = int(socket.AF_INET6 if ":" in entry.target else socket.AF_INET)
            places.setdefault((entry.source, entry.protocol, family), []).append(entry)
        for (source, protocol, family), together in places.items():
            made = source.sockets(len(together), *kinds[protocol], family=family)
            self._sockets.update(zip(together, made, strict=True))

    def __enter__(self) -> _Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for entry in self._sockets.values():
            entry.close()

    def run(self, seconds: float) -> dict[Probe, Answer]:
        found: dict[Probe, Answer] = {}
        for count, (entry, sock) in enumerate(self._sockets.items()):
            self._send(entry, sock)
            if not count % 50:
                found.update(self._receive(0.0))
        # Datagrams may be lost: each silent one is sent a second time.
        ends = time.monotonic() + seconds
        again = ends - seconds / 2
        while (now := time.monotonic()) < ends and len(found) < len(self._sockets):
            found.update(self._receive(min(ends, again if now < again else ends) - now))
            if now < again <= time.monotonic():
                for entry, sock in self._sockets.items():
                    if entry not in found and entry.protocol != "tcp":
                        _transmit(entry, sock)
        return found

    def _send(self, entry: Probe, sock: socket.socket) -> None:
        if entry.protocol == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        if entry.address:
            sock.bind((entry.address, 0))
        with contextlib.suppress(BlockingIOError):
            sock.connect((entry.target, entry.port))
        self._selector.register(sock, selectors.EVENT_READ, entry)
        if entry.protocol != "tcp":
            _transmit(entry, sock)

    def _receive(self, seconds: float) -> dict[Probe, Answer]:
        found = {}
        for key, _ in self._selector.select(max(0.0, seconds)):
            entry: Probe = key.data
            sock = self._sockets[entry]
            try:
                data = sock.recv(2048)
            except OSError as error:
                raise OSError(error.errno, f"{os.strerror(error.errno or 0)} instead of silence", str(entry)) from error
            if entry.protocol == "icmp":
                # The IP header is part of what a raw socket reads; 0 is an echo reply.
                if data[20] != 0 or data[24:26] != _echo_id(entry):
                    continue
                found[entry] = Answer("", "")
            else:
                machine, peer = data.decode().split()
                found[entry] = Answer(machine, peer)
            self._selector.unregister(sock)
        return found


def _echo_id(entry: Probe) -> bytes:
    return struct.pack("!H", hash((entry.address, entry.target)) & 0xFFFF)


def _transmit(entry: Probe, sock: socket.socket) -> None:
    data = b"?"
    if entry.protocol == "icmp":
        data = b"\x08\x00\x00\x00" + _echo_id(entry) + b"\x00\x01"
        total = sum(struct.unpack("!4H", data))
        total = (total & 0xFFFF) + (total >> 16)
        data = data[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + data[4:]
    sock.send(data)
