"""SPF (RFC 7208): exactly one record, ten look-ups at most, and it lets every sending address pass."""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any, TypeAlias

from generator.facts import MOST_LOOKUPS
from generator.verify.ask import Client
from generator.verify.checkdmarc_bridge import asking, library
from generator.verify.judge import noted, spoilt_text, unknown, unresolved
from generator.verify.model import Answer, Expected, Senders, Verdict
from generator.verify.texts import of_kind, same, terms
from generator.verify.words import outcome_remedy, outcome_words

LookUp: TypeAlias = Callable[[str], Iterable[str]]


def judge_spf(want: Expected, client: Client, known: Senders) -> Verdict:
    """Judge the SPF record of a name; of a mail domain also by what it says of the sending addresses."""
    answer = client.ask(want.name, "TXT")
    verdict = unresolved(answer)
    if verdict:
        return verdict
    found = tuple(of_kind(answer.values, "spf1"))
    if want.unknown:
        return unknown(want, answer, found)
    return noted(_judged(want, answer, found, client, known), answer)


def _judged(want: Expected, answer: Answer, found: tuple[str, ...], client: Client, known: Senders) -> Verdict:
    spoilt = None if found else spoilt_text(answer, "spf1")
    if spoilt:
        return spoilt
    if not found:
        others = "the name has texts, and none is an SPF record" if answer.values else ""
        return Verdict("missing", (), others or outcome_words(answer))
    if len(found) > 1:
        several = f"there are {len(found)} SPF records, and receivers take none of several"
        return Verdict("extra", found, several, _MERGE)
    text = found[0]
    spf, _ = library()
    try:
        parsed = spf.parse_spf_record(text, want.name, **asking(client))
    except spf.SPFTooManyDNSLookups as why:
        number = getattr(why, "data", {}).get("dns_lookups") or "more"
        most = f"it takes {number} look-ups, and receivers stop at {MOST_LOOKUPS}: all mail fails SPF"
        return Verdict("invalid", found, most, _FEWER)
    except spf.SPFError as why:
        return _broken(why, want, found, client)
    except ValueError as why:
        return Verdict("invalid", found, f"it is no SPF record: {_line(why)}")
    alike = same(want.values[0], text)
    refused = list(_refused(parsed["parsed"], known.addresses, client)) if want.domain else []
    differences = [] if alike else list(_differences(want.values[0], text))
    message = "; ".join([*refused, *differences])
    if not alike:
        return Verdict("differs", found, message)
    return Verdict("invalid", found, message, _ADD) if refused else Verdict("ok", found)


_MERGE = (
    "Make them one: what the other one allows goes into dns.spf.include or dns.spf.addresses of the topology; publish "
    "the record that is then planned, and remove the other."
)
_ADD = "The record is as planned: add the address to dns.spf.addresses, before what refuses it."
_FEWER = "Take includes out of dns.spf.include, or replace them by the addresses behind them (dns.spf.addresses)."

_BEHIND = (
    "The record is as planned, and what it includes is not right: take that out of dns.spf.include, or replace it by "
    "the addresses behind it (dns.spf.addresses)."
)


def _refused(parsed: Any, addresses: tuple[str, ...], client: Client) -> Iterator[str]:
    for address in addresses:
        result = evaluate(parsed, IPv4Address(address), lambda name: client.ask(name, "A").values)
        if result != "pass":
            yield f"mail from {address} gets {result} instead of pass"


def _broken(why: Exception, want: Expected, found: tuple[str, ...], client: Client) -> Verdict:
    """Return the verdict on a record that cannot be evaluated, with what was asked in vain."""
    name = getattr(why, "domain", "")
    if not name:
        mend = _BEHIND if same(want.values[0], found[0]) else ""
        return Verdict("invalid", found, f"receivers cannot use it: {_line(why)}", mend)
    answer = client.ask(name, "TXT")
    said = unresolved(answer)
    if said:
        return Verdict("unresolved", found, f"{name}, which it includes: {said.message}", outcome_remedy(answer))
    words = f" ({outcome_words(answer)})" if not answer.values else ""
    message = f"it includes {name}, which has no SPF record{words}: all mail fails SPF"
    return Verdict("invalid", found, message, "Take it out of dns.spf.include, or correct its name there.")


def _line(why: Exception) -> str:
    return " ".join(str(why).split())


def _differences(planned: str, found: str) -> Iterator[str]:
    wanted, there = terms(planned), terms(found)
    lacking = [term for term in wanted if term not in there]
    more = [term for term in there if term not in wanted]
    if lacking:
        yield f"it lacks {' '.join(lacking)}"
    if more:
        yield f"it has {' '.join(more)}, which is not planned"
    if not lacking and not more:
        yield "its terms stand in another order"


def evaluate(parsed: Any, address: IPv4Address, look_up: LookUp) -> str:
    """Return what a parsed record says of an address: pass, fail, softfail or neutral (RFC 7208, section 4.6).

    Mechanisms that depend on the message (macros, `exists`, `ptr`) count as not matching: no plan has them.

    Args:
        parsed: What checkdmarc's parser returns as `parsed`.
        address: Who sends.
        look_up: Returns the addresses of a name.
    """
    for mechanism in parsed["mechanisms"]:
        if _matches(mechanism, address, look_up):
            return str(mechanism["action"])
    redirect = parsed.get("redirect")
    if redirect and redirect.get("parsed"):
        return evaluate(redirect["parsed"], address, look_up)
    return str(parsed["all"])


def _matches(mechanism: Any, address: IPv4Address, look_up: LookUp) -> bool:
    name = mechanism["mechanism"]
    if name == "include":
        return bool(mechanism.get("parsed")) and evaluate(mechanism["parsed"], address, look_up) == "pass"
    if name == "ip4":
        return address in ip_network(mechanism["value"], strict=False)
    if name == "a":
        return any(_within(address, text) for text in mechanism.get("addresses", ()))
    if name == "mx":
        # The parser leaves out their addresses.
        return any(str(address) in look_up(host["hostname"]) for host in mechanism.get("hosts", ()))
    return False


def _within(address: IPv4Address, text: str) -> bool:
    network = ip_network(text, strict=False)
    return isinstance(network, IPv4Network) and address in network
