"""As much of DNS as the bench needs (RFC 1035): questions, answers, and a stand-in for name servers outside."""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import threading
from typing import NamedTuple

from tests.packets.namespaces import Namespace

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
_HEADER = struct.Struct("!6H")
_OUTSIDE = {"A": b"\xcb\x00\x71\x63", "AAAA": ipaddress.ip_address("2001:db8::99").packed, "TXT": b"\x05hello"}
"""What every name has outside, of these types."""


class Reply(NamedTuple):
    """The answers' values as text, sorted; `code` 0 is no error, 3 no such name."""

    code: int
    values: tuple[str, ...]


FROM_OUTSIDE = {
    "A": Reply(0, ("203.0.113.99",)),
    "AAAA": Reply(0, ("2001:db8::99",)),
    "TXT": Reply(0, ("hello",)),
}


def ask(machine: Namespace, server: str, name: str, kind: str, seconds: float = 3.0) -> Reply:
    """Ask a name server from a machine.

    Raises:
        TimeoutError: It keeps silent.
    """
    question = _name(name) + struct.pack("!HH", TYPES[kind], 1)
    with machine.sockets(1, socket.SOCK_DGRAM)[0] as asking:
        asking.settimeout(seconds)
        asking.connect((server, 53))
        asking.send(_HEADER.pack(20, 0x0100, 1, 0, 0, 0) + question)
        data = asking.recv(4096)
    _, flags, _, answers, _, _ = _HEADER.unpack_from(data)
    place = _HEADER.size + len(question)
    values = []
    for _ in range(answers):
        _, place = _read_name(data, place)
        found, _, _, length = struct.unpack_from("!HHIH", data, place)
        place += 10
        values.append(_text(found, data, place, length))
        place += length
    return Reply(flags & 15, tuple(sorted(values)))


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def _read_name(data: bytes, place: int) -> tuple[str, int]:
    labels = []
    after = 0
    while data[place]:
        if data[place] >= 0xC0:
            after = after or place + 2
            place = struct.unpack_from("!H", data, place)[0] & 0x3FFF
            continue
        labels.append(data[place + 1 : place + 1 + data[place]].decode())
        place += 1 + data[place]
    return ".".join(labels), after or place + 1


def _text(kind: int, data: bytes, place: int, length: int) -> str:
    if kind in (TYPES["A"], TYPES["AAAA"]):
        return str(ipaddress.ip_address(data[place : place + length]))
    if kind == TYPES["TXT"]:
        return data[place + 1 : place + length].decode()
    if kind == TYPES["MX"]:
        return f"{struct.unpack_from('!H', data, place)[0]} {_read_name(data, place + 2)[0]}"
    return _read_name(data, place)[0]


class Upstream:
    """Answers every question outside the same way, and notes the names."""

    def __init__(self, machine: Namespace, addresses: tuple[str, ...]) -> None:
        self.asked: list[str] = []
        self._sockets = machine.sockets(len(addresses), socket.SOCK_DGRAM)
        for entry, address in zip(self._sockets, addresses, strict=True):
            entry.bind((address, 53))
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._stop.send(b"x")
        self._thread.join()
        for entry in (*self._sockets, self._stop, self._stopped):
            entry.close()

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([*self._sockets, self._stopped], [], [])
            if self._stopped in ready:
                return
            for entry in ready:
                data, peer = entry.recvfrom(4096)
                entry.sendto(self._answer(data), peer)

    def _answer(self, data: bytes) -> bytes:
        name, after = _read_name(data, _HEADER.size)
        kind = struct.unpack_from("!H", data, after)[0]
        self.asked.append(name)
        value = next((value for text, value in _OUTSIDE.items() if TYPES[text] == kind), b"")
        header = _HEADER.pack(struct.unpack_from("!H", data)[0], 0x8180, 1, 1 if value else 0, 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(value)) + value if value else b""
        return header + data[_HEADER.size : after + 4] + answer
