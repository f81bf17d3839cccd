"""A resolver that misbehaves as told: a small server for UDP and TCP that answers from a zone's records."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone

from tests.name_servers import HOST, free_port, whole_zone

Behaviour = Callable[[dns.message.Message, int, bool], "bytes | None"]
"""From question, how often it was asked (from 1) and whether by TCP, to the answer; None for silence."""


class Answers:
    """Right answers from zones.

    Args:
        zones: Records by name of the zone.
    """

    def __init__(self, zones: dict[str, str]) -> None:
        self._zones = [
            dns.zone.from_text(whole_zone(name, text), origin=f"{name}.", relativize=False)
            for name, text in zones.items()
        ]

    def to(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer, with CNAME records followed."""
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name
        known = False
        for _ in range(8):
            zone = next((one for one in self._zones if one.origin is not None and name.is_subdomain(one.origin)), None)
            if zone is None:
                break
            node = zone.get_node(name)
            known = node is not None or any(other.is_subdomain(name) for other in zone.nodes)
            found = zone.get_rrset(name, question.rdtype) if node else None
            alias = zone.get_rrset(name, dns.rdatatype.CNAME) if node else None
            if found or not alias:
                reply.answer += [found] if found else []
                break
            reply.answer.append(alias)
            name = alias[0].target
        if not known:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def plainly(self, query: dns.message.Message, _: int, tcp: bool) -> bytes:
        """Behave as a good server does: what UDP cannot carry is cut."""
        wire = self.to(query).to_wire(max_size=65_535)
        return wire if tcp or len(wire) <= max(512, query.payload) else cut(query)


def name_of(query: dns.message.Message) -> str:
    """Return the name that is asked for."""
    return query.question[0].name.to_text(omit_final_dot=True)


def coded(query: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    """Return an answer without content."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.set_rcode(rcode)
    return reply.to_wire()


def cut(query: dns.message.Message) -> bytes:
    """Return an answer that says that it is too long for UDP."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.flags |= dns.flags.TC
    return reply.to_wire()


class Scripted:
    """A server with a behaviour; a context manager.

    Attributes:
        asked: How often, by name and type.
        by_tcp: How many questions came by TCP.
    """

    def __init__(self, behaviour: Behaviour, *, tcp: bool = True) -> None:
        self.port = free_port()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.by_tcp = 0
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._open = True
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((HOST, self.port))
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM) if tcp else None
        if self._tcp:
            self._tcp.bind((HOST, self.port))
            self._tcp.listen()
        self._threads = [threading.Thread(target=self._serve_udp, daemon=True)]
        if self._tcp:
            self._threads.append(threading.Thread(target=self._serve_tcp, daemon=True))

    @property
    def word(self) -> str:
        """The server as the option --resolver takes it."""
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Scripted:  # noqa: PYI034 - typing.Self came with Python 3.11
        for entry in (self._udp, self._tcp):
            if entry:
                entry.settimeout(0.1)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for thread in self._threads:
            thread.join()
        self._udp.close()
        if self._tcp:
            self._tcp.close()

    def _answer(self, data: bytes, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(data)
        key = (query.question[0].name.to_text(omit_final_dot=True), dns.rdatatype.to_text(query.question[0].rdtype))
        with self._lock:
            self.asked[key] += 1
            self.by_tcp += tcp
            number = self.asked[key]
        return self._behaviour(query, number, tcp)

    def _rounds(self) -> Iterator[None]:
        while self._open:
            with contextlib.suppress(TimeoutError, OSError):
                yield

    def _serve_udp(self) -> None:
        for _ in self._rounds():
            with contextlib.suppress(OSError):
                data, peer = self._udp.recvfrom(4096)
                threading.Thread(target=self._one, args=(data, peer), daemon=True).start()

    def _one(self, data: bytes, peer: tuple[str, int]) -> None:
        answer = self._answer(data, False)
        # The test may be over by now.
        with contextlib.suppress(OSError):
            if answer:
                self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        assert self._tcp is not None
        for _ in self._rounds():
            with contextlib.suppress(OSError):
                talk, _ = self._tcp.accept()
                with talk:
                    talk.settimeout(2)
                    (length,) = struct.unpack("!H", talk.recv(2))
                    answer = self._answer(talk.recv(length), True)
                    if answer:
                        talk.sendall(struct.pack("!H", len(answer)) + answer)


def late(seconds: float, right: Answers) -> Behaviour:
    """Return the behaviour of a server that answers rightly, but late."""

    def behaviour(query: dns.message.Message, _: int, __: bool) -> bytes:
        time.sleep(seconds)
        return right.to(query).to_wire()

    return behaviour
