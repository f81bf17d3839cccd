"""Asks one resolver, every question once, from many threads."""

import threading
import time
from concurrent.futures import Future

import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.resolver

from generator.verify.exchange import Reply, exchange
from generator.verify.model import KNOWING, Answer
from generator.verify.resolvers import Server

_NO_ANSWER = frozenset({"timeout", "unreachable"})
_PATIENCE = 3
"""Questions without an answer before a resolver that has said nothing at all is left alone."""

_MORE_PATIENCE = 24
"""The same in a row, before one that has answered others is."""

_SLOW = 3.0
"""Seconds after which an answer is worth a word."""


class Client:
    """One resolver.

    Attributes:
        server: Where it answers.
        spoke: It has answered something other than a refusal.
        last: The last question that it did not answer.
    """

    def __init__(self, server: Server, timeout: float) -> None:
        self.server = server
        self.spoke = False
        self.last: Answer | None = None
        self._timeout = timeout
        self._silent = 0
        self._stopped = False
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Future[tuple[Answer, Reply | None]]] = {}

    def stop(self) -> None:
        """Ask nothing any more."""
        self._stopped = True

    def ask(self, name: str, type_: str) -> Answer:
        """Return what the resolver says; whatever goes wrong is an outcome."""
        return self._asked(name, type_)[0]

    def message(self, name: str, type_: str) -> tuple[Answer, dns.message.Message | None]:
        """Return the same with the message itself, where there was one."""
        answer, reply = self._asked(name, type_)
        return answer, reply.message if reply else None

    def _asked(self, name: str, type_: str) -> tuple[Answer, Reply | None]:
        name = name.lower().rstrip(".")
        with self._lock:
            known = self._known.get((name, type_))
            mine = known is None
            future: Future[tuple[Answer, Reply | None]] = known or Future()
            self._known[name, type_] = future
        if mine:
            try:
                future.set_result(self._ask(name, type_))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _ask(self, name: str, type_: str) -> tuple[Answer, Reply | None]:
        try:
            question = dns.name.from_text(f"{name}.")
        except (dns.exception.DNSException, UnicodeError) as why:
            return Answer("other", detail=f"no name for DNS: {why}"), None
        if self._stopped or self._silent >= (_MORE_PATIENCE if self.spoke else _PATIENCE):
            words = f"not asked: the last {self._silent} questions were not answered"
            return Answer("timeout", tries=0, detail=words), None
        start = time.monotonic()
        reply = exchange(self.server, question, type_, self._timeout)
        values, aliases = _read(reply.message, question, type_)
        outcome = reply.outcome
        if outcome == "answer" and not values:
            outcome = "empty"
        seconds = time.monotonic() - start
        answer = Answer(outcome, values, aliases, seconds, reply.tries, reply.detail)
        self._note(answer)
        return answer, reply

    def _note(self, answer: Answer) -> None:
        with self._lock:
            if answer.outcome in KNOWING or answer.outcome in ("servfail", "truncated"):
                self.spoke = True
                self._silent = 0
                return
            self.last = answer
            if answer.outcome in _NO_ANSWER:
                self._silent += 1


def _read(
    message: dns.message.Message | None, name: dns.name.Name, type_: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of an answer, sorted, and where the aliases on the way to them lead."""
    if message is None:
        return (), ()
    wanted = dns.rdatatype.from_text(type_)
    aliases: list[str] = []
    place = name
    while wanted != dns.rdatatype.CNAME and len(aliases) < 16:
        link = message.get_rrset(message.answer, place, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if not link:
            break
        place = link[0].target
        aliases.append(_name(place))
    found = message.get_rrset(message.answer, place, dns.rdataclass.IN, wanted)
    return tuple(sorted({value_text(one) for one in found or ()})), tuple(aliases)


def _name(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def value_text(data: dns.rdata.Rdata) -> str:
    """Return a value as `Answer.values` has it."""
    if isinstance(data, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(data.strings).decode("utf-8", "backslashreplace")
    return data.to_text().lower()


def way(answer: Answer) -> str:
    """Return what was remarkable about how an answer came; mostly nothing."""
    words = []
    if answer.tries > 1:
        words.append(f"asked {answer.tries} times")
    if answer.seconds >= _SLOW:
        words.append(f"answered after {answer.seconds:.1f} s")
    return ", ".join(words)


class Bridge(dns.resolver.Resolver):
    """Lets a library that wants dnspython's resolver ask through a client, with its memory, patience and bounds."""

    def __init__(self, client: Client) -> None:
        super().__init__(configure=False)
        self._client = client

    def resolve(
        self, qname: dns.name.Name | str, rdtype: object = "A", *_: object, **__: object
    ) -> dns.resolver.Answer:
        """Return an answer, or raise what dnspython's own does."""
        text = qname if isinstance(qname, str) else qname.to_text()
        type_ = rdtype if isinstance(rdtype, str) else dns.rdatatype.to_text(rdtype)  # type: ignore[arg-type]
        answer, message = self._client.message(text, type_)
        name = dns.name.from_text(text)
        if answer.outcome == "nxdomain":
            raise dns.resolver.NXDOMAIN(qnames=[name])  # type: ignore[no-untyped-call]
        if answer.outcome not in KNOWING or not isinstance(message, dns.message.QueryMessage):
            words = f"{text} {type_}: {answer.outcome}"
            raise dns.exception.DNSException(words)  # type: ignore[no-untyped-call]
        return dns.resolver.Answer(name, dns.rdatatype.from_text(type_), dns.rdataclass.IN, message)
