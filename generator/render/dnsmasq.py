"""DNS inside, by dnsmasq 2.79 and later: dnsmasq(8)."""

from collections.abc import Iterator

from generator.plan import Record, Resolver


def dnsmasq(resolver: Resolver, address: str) -> tuple[str, ...]:
    """Return the lines of `/etc/dnsmasq.d/carbonio.conf`.

    Args:
        resolver: What is answered. The first of its names with an address is the address' name in reverse.
        address: The machine's own, where it listens.
    """
    return (
        "# Written by generate: change the topology instead, then write this anew.",
        f"# DNS inside {resolver.domain}: its machines by their private addresses. Whatever else, in the domain too,",
        "# is asked of the name servers below.",
        "",
        "# On this address alone, also when it comes up later; 127.0.0.53 belongs to the system's own resolver.",
        f"listen-address={address}",
        "bind-dynamic",
        "",
        "# Neither this machine's /etc/hosts nor its own name servers.",
        "no-hosts",
        "no-resolv",
        *(f"server={server}" for server in resolver.upstream),
        "",
        "# Bare names and private addresses mean nothing to name servers outside.",
        "domain-needed",
        "bogus-priv",
        "",
        "# A mail server asks block lists for every address that it hears from, many at once.",
        "cache-size=10000",
        "dns-forward-max=1000",
        "",
        "# Seconds that the answers of this file may be kept.",
        "local-ttl=60",
        *_addresses(resolver),
        *_mail(resolver),
    )


def _addresses(resolver: Resolver) -> Iterator[str]:
    hosts = [record for record in resolver.records if record.type == "A"]
    if not hosts:
        return
    yield ""
    yield "# Names and addresses, both ways."
    for record in hosts:
        yield from (f"host-record={record.name},{value.text}" for value in record.values)
    names = {record.name for record in resolver.records} | {resolver.domain}
    alone = sorted({record.name for record in hosts if not _has_names_below(record, names)})
    if alone:
        yield ""
        yield "# Nothing about these names is asked outside: a wildcard there would give them an IPv6 address."
        yield from (f"local=/{name}/" for name in alone)


def _has_names_below(record: Record, names: set[str]) -> bool:
    return any(name == record.name or name.endswith(f".{record.name}") for name in names - {record.name})


def _mail(resolver: Resolver) -> Iterator[str]:
    targets = [(record, value) for record in resolver.records if record.type == "MX" for value in record.values]
    if targets:
        yield ""
        yield "# Mail of the domain."
    for record, value in targets:
        preference, target = value.text.split()
        yield f"mx-host={record.name},{target.rstrip('.')},{preference}"
