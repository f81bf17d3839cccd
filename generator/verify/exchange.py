"""One question to one resolver: by UDP, repeated, by TCP where the answer is too long, and never for ever.

A repetition goes out on the same socket under the same number, so that a late answer to an earlier one still counts.
"""

import socket
import time

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import msgspec

from generator.verify.model import Outcome
from generator.verify.resolvers import Server

TRIES = 3
_SENT_AT = (0.0, 0.2, 0.5)
"""Parts of the time allowed after which the question goes out; an answer of half that time is still heard."""

_PAUSE = 0.3
"""Seconds after a refusal, times the number of tries."""

_LEAST = 2.0
"""Seconds for TCP, however late it is."""

_RCODES: dict[int, Outcome] = {
    dns.rcode.NOERROR: "answer",
    dns.rcode.NXDOMAIN: "nxdomain",
    dns.rcode.SERVFAIL: "servfail",
    dns.rcode.REFUSED: "refused",
}


class Reply(msgspec.Struct, frozen=True):
    """How a question ended.

    Attributes:
        message: The last answer; None without any.
    """

    outcome: Outcome
    message: dns.message.Message | None
    tries: int
    detail: str = ""


def exchange(server: Server, name: dns.name.Name, type_: str, timeout: float) -> Reply:
    """Ask until there is an answer that says something, three times at most.

    Args:
        server: Whom.
        name: The name, absolute.
        type_: The type of record.
        timeout: Seconds for the whole question; TCP gets two more at most.
    """
    end = time.time() + timeout
    query = dns.message.make_query(name, type_, use_edns=0, payload=1232)
    reply = Reply("timeout", None, 0)
    tries = 0
    while tries < TRIES:
        reply = _once(server, query, timeout, end, tries)
        tries = reply.tries
        if reply.outcome == "other" and query.edns >= 0 and reply.detail in ("FORMERR", "NOTIMP", "BADVERS"):
            query.use_edns(False)
            continue
        if reply.outcome not in ("servfail", "refused"):
            break
        pause = _PAUSE * tries
        if tries >= TRIES or time.time() + pause >= end:
            break
        time.sleep(pause)
    return reply


def _once(server: Server, query: dns.message.Message, timeout: float, end: float, before: int) -> Reply:
    """Ask by UDP until something comes back, and by TCP where that is cut off."""
    tries = before
    try:
        with dns.query.make_socket(_family(server), socket.SOCK_DGRAM) as talk:
            # A connected socket hears that nothing listens there, and only who was asked.
            talk.connect((server.address, server.port))
            while True:
                dns.query.send_udp(talk, query, None, end)
                tries += 1
                until = _next(timeout, end, tries)
                try:
                    message = _received(talk, query, until)
                except dns.exception.Timeout:
                    if until >= end:
                        return Reply("timeout", None, tries)
                    continue
                if message is None:
                    return _by_tcp(server, query, end, tries)
                return _judged(message, tries)
    except dns.exception.Timeout:
        return Reply("timeout", None, max(tries, before + 1))
    except OSError as why:
        return Reply("unreachable", None, TRIES, detail=why.strerror or type(why).__name__)


def _family(server: Server) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server.address else socket.AF_INET


def _next(timeout: float, end: float, tries: int) -> float:
    """Return when the next repetition goes out."""
    return end if tries >= TRIES else max(time.time(), end - timeout * (1 - _SENT_AT[tries]))


def _received(talk: socket.socket, query: dns.message.Message, until: float) -> dns.message.Message | None:
    """Return the answer to a question; None for one that was cut off."""
    try:
        received = dns.query.receive_udp(talk, None, until, ignore_errors=True, query=query, raise_on_truncation=True)
    except dns.message.Truncated:
        return None
    message: dns.message.Message = received[0]
    return message


def _by_tcp(server: Server, query: dns.message.Message, end: float, tries: int) -> Reply:
    why = ""
    left = max(_LEAST, end - time.time())
    try:
        message = dns.query.tcp(query, server.address, timeout=left, port=server.port)
    except dns.exception.Timeout:
        why = "TCP: no answer"
    except (dns.exception.DNSException, OSError, EOFError) as error:
        why = f"TCP: {getattr(error, 'strerror', None) or str(error) or type(error).__name__}"
    if why:
        return Reply("truncated", None, TRIES, detail=why)
    return _judged(message, tries)


def _judged(message: dns.message.Message, tries: int) -> Reply:
    rcode = message.rcode()
    outcome = _RCODES.get(rcode, "other")
    if outcome == "answer" and not message.answer:
        outcome = "referral" if _refers(message) else "empty"
    words = [] if outcome != "other" else [dns.rcode.to_text(rcode)]
    words += [_words(one) for one in message.options if isinstance(one, dns.edns.EDEOption)]
    return Reply(outcome, message, tries, detail="; ".join(words))


def _refers(message: dns.message.Message) -> bool:
    """Tell whether a server that asks no others points to them instead of answering."""
    knows = message.flags & (dns.flags.AA | dns.flags.RA)
    return not knows and any(one.rdtype == dns.rdatatype.NS for one in message.authority)


def _words(error: dns.edns.EDEOption) -> str:
    name = dns.edns.EDECode.to_text(error.code).replace("_", " ").lower()
    return f"{name}: {error.text}" if error.text else name
