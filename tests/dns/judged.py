"""Served zones before judges that are not ours: a resolver asked for every record, and checkdmarc."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rrset
import dns.zone
import pytest

from tests.dns import canonical
from tests.dns.served import SECONDS, Served


def assert_answers(zones: Mapping[str, str], world: Served) -> None:
    """Ask the resolver for every set of records, and compare the whole answers with the zone files.

    An answer that does not fit into a datagram is asked for again by TCP, as every resolver does.
    """
    for zone, text in zones.items():
        expected = canonical.of_zone_file(text, zone)
        found = []
        for name, type_ in sorted({tuple(line.split()[::2]) for line in expected}):
            sets = _sets(world, name, type_)
            of_type = [one for one in sets if one.rdtype == dns.rdatatype.from_text(type_)]
            assert of_type, f"{name} {type_}: no answer"
            found += [" ".join([name, type_, canonical.data_of(record).hex()]) for record in of_type[0]]
        without_ttl = [" ".join([line.split()[0], *line.split()[2:]]) for line in expected]
        assert sorted(found) == sorted(without_ttl)


def _sets(world: Served, name: str, type_: str) -> list[dns.rrset.RRset]:
    """Return an answer's sets of records; a sub-domain that others hold is named by the authority alone."""
    if type_ == "NS":
        query = dns.message.make_query(name, type_)
        return dns.query.udp(query, "127.0.0.1", SECONDS, world.authority).authority
    answer = world.ask(_asked(name), type_)
    if answer.flags & dns.flags.TC:
        answer = world.ask(_asked(name), type_, tcp=True)
    assert answer.rcode() == dns.rcode.NOERROR, f"{name} {type_}: {dns.rcode.to_text(answer.rcode())}"
    assert not answer.flags & dns.flags.TC
    return answer.answer


def _asked(name: str) -> str:
    """Return a name that a wildcard stands for."""
    return name.replace("*", "anything-at-all", 1) if name.startswith("*.") else name


def mail_domains(zones: Mapping[str, str]) -> list[str]:
    """Return the owners of MX records other than the null MX."""
    found = {}
    for zone, text in zones.items():
        read = dns.zone.from_text(text, f"{zone}.", relativize=False, check_origin=False)
        for name, _, record in read.iterate_rdatas("MX"):
            assert isinstance(record, dns.rdtypes.ANY.MX.MX)
            if record.exchange != dns.name.root:
                found[name.to_text(omit_final_dot=True)] = zone
    return sorted(found)


def assert_judged_well(domains: Iterable[str], world: Served, *, warnings: Iterable[str] = ()) -> None:
    """Let checkdmarc judge SPF, DMARC and MX of each domain, with nobody to ask but the resolver here.

    Args:
        domains: Mail domains.
        world: Their zones, served.
        warnings: Parts of warnings that are right; there must be no others.
    """
    for domain in domains:
        with pytest.MonkeyPatch.context() as patches:
            said = list(_judged(domain, world, patches))
        unexpected = [text for text in said if not any(part in text for part in warnings)]
        assert not unexpected, f"{domain}: {unexpected}"


def _judged(domain: str, world: Served, patches: pytest.MonkeyPatch) -> Iterator[str]:
    from checkdmarc import dmarc, smtp, spf, utils

    # DNSSEC is the affair of whoever hosts the zone, and its checks ask the system's own resolver.
    patches.setattr(smtp, "check_dnssec", lambda *_arguments, **_named: False)
    patches.setattr(smtp, "get_tlsa_records", lambda *_arguments, **_named: [])
    for name in ("udp", "tcp"):
        patches.setattr(dns.query, name, _only_here(getattr(dns.query, name)))
    utils.DNS_CACHE.clear()
    resolver = world.client()
    verdicts: dict[str, Any] = {
        "SPF": spf.check_spf(domain, resolver=resolver),
        "DMARC": dmarc.check_dmarc(domain, resolver=resolver),
        "MX": smtp.check_mx(domain, resolver=resolver),
    }
    for what, verdict in verdicts.items():
        assert "error" not in verdict, f"{domain}: {what}: {verdict}"
        assert verdict.get("valid", True), f"{domain}: {what}: {verdict}"
        yield from verdict["warnings"]
    hosts = verdicts["MX"]["hosts"]
    assert hosts, f"{domain} has no MX"
    assert all(host["addresses"] for host in hosts), hosts


def _only_here(original: Any) -> Any:
    def query(message: Any, where: str, *arguments: Any, **named: Any) -> Any:
        assert where == "127.0.0.1", f"asks {where}"
        return original(message, where, *arguments, **named)

    return query
