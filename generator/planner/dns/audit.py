"""The operator's own records beside ours: what DNS or mail does not allow together."""

from collections.abc import Iterator

from generator.context import Context
from generator.mail_domains import Mail, parents
from generator.plan import Record
from generator.planner.dns.own import JOINED
from generator.problems import Finding, Path

_ONCE = {
    "v=spf1": ("two-spf", "dns.spf"),
    "v=dmarc1": ("two-dmarc", "dns.dmarc"),
    "v=stsv1": ("two-mta-sts", "dns.mta_sts"),
    "v=tlsrptv1": ("two-tls-reports", "dns.tls_reports"),
}
"""Texts of which a name has one at most, each with its rule and where it is said instead.

RFC 7208, section 3.2; RFC 7489, section 6.6.3; RFC 8461, section 3.1; RFC 8460, section 3.
"""

_MOST_BYTES = 450
"""Of the name and the text of an SPF record, for answers that fit into 512 bytes (RFC 7208, section 3.4)."""

_LONGEST_ADDRESS = "255.255.255.255"


def audit_reverse(context: Context, names: set[str], public: list[Record]) -> Iterator[Finding]:
    """Yield reverse names that lead nowhere: receivers ask for the address again and refuse mail without it.

    Args:
        context: The topology.
        names: How MTAs greet.
        public: All records.
    """
    known = {record.name for record in public if record.type == "A"}
    hidden = [name for name in context.carriers("proxy") if context.nodes[name].private]
    place: Path = ("nodes", hidden[0], "private") if hidden else ("public_name",)
    for name in sorted(names - known):
        why = f"the sending address would have the reverse name {name}, which has no A record: no proxy is public"
        yield Finding("ptr-without-address", place, why, "Remove private from a node with proxy.")


def audit_length(domains: dict[str, Mail], ours: list[Record]) -> Iterator[Finding]:
    """Yield a warning of SPF that is too long for an answer by UDP as everybody takes it.

    Args:
        domains: All mail domains.
        ours: Records without the operator's.
    """
    texts = [record for record in ours if record.type == "TXT" and record.name in domains]
    lengths = {
        record.name: len(record.name) + len(value.text % ((_LONGEST_ADDRESS,) * len(value.addresses)))
        for record in texts
        for value in record.values
    }
    name = max(lengths, key=lambda name: lengths[name])
    if lengths[name] > _MOST_BYTES:
        why = f"SPF of {name} may take {lengths[name]} bytes with its name, and more than {_MOST_BYTES} may need TCP"
        mend = "Name wider ranges, or an include in the place of many addresses."
        yield Finding("spf-long", ("dns", "spf"), why, mend, "warning", key=True)


def audit_own(
    context: Context, domains: dict[str, Mail], ours: list[Record], public: list[Record]
) -> Iterator[Finding]:
    """Yield what is wrong about records together.

    Args:
        context: The topology.
        domains: All mail domains.
        ours: Records without the operator's.
        public: All records.
    """
    own: dict[str, Path] = {
        f"{mail.own_name(name)} {type_}": (*mail.path, "records", name, type_)
        for mail in domains.values()
        for name, types in mail.records.items()
        for type_ in types
    }
    types: dict[str, dict[str, Record]] = {}
    for record in public:
        types.setdefault(record.name, {})[record.type] = record
    yield from _aliases(context, domains, own, types)
    known = {record.key: record for record in ours} if own else {}
    for key, place in own.items():
        name, type_ = key.split(" ")
        if key in known and type_ not in JOINED:
            yield Finding("record-is-ours", place, f"{key} is a record of the deployment", "Remove it.", key=True)
        elif type_ == "TXT":
            silent = name not in domains and name.removeprefix("_dmarc.") not in domains
            yield from _once(types[name]["TXT"], known.get(key), place, silent=silent)
        elif type_ == "MX":
            yield from _mx(types[name]["MX"], types, {mail.zone for mail in domains.values()}, place)


def _aliases(
    context: Context, domains: dict[str, Mail], own: dict[str, Path], types: dict[str, dict[str, Record]]
) -> Iterator[Finding]:
    """Yield names that are a CNAME and more (RFC 1034, section 3.6.2)."""
    for name, found in types.items():
        if "CNAME" not in found or len(found) == 1:
            continue
        others = ", ".join(sorted(found.keys() - {"CNAME"}))
        why = f"{name} has a CNAME, which stands alone, and {others}"
        places = [own[f"{name} {type_}"] for type_ in found if f"{name} {type_}" in own]
        node = name.removesuffix(f".{context.topology.domain}")
        if not places and node in context.nodes:
            places = [("nodes", node)]
        elif not places:
            places = [domains[name].path] if name in domains else [("dns",)]
        for place in places:
            yield Finding("cname-beside", place, why, "Remove or rename one of them.", key=True)


def _once(record: Record, ours: Record | None, place: Path, *, silent: bool) -> Iterator[Finding]:
    """Yield texts of which the name has too many.

    Args:
        record: All texts of the name.
        ours: Those without the operator's.
        place: Where the operator's stand.
        silent: It is no mail domain's name: an SPF or DMARC text of ours speaks for a host without mail.
    """
    name = record.name
    for start, (rule, instead) in _ONCE.items():
        if _beginning(record, start) > 1:
            why = f"{name} would have two records that begin with {start}, and receivers take neither"
            mend = f"Say it by {instead} instead."
            if not ours or not _beginning(ours, start):
                mend = "Remove one."
            elif silent and rule in ("two-spf", "two-dmarc"):
                mend = "Remove it, or dns.silent_hosts, which says that the host sends no mail."
            yield Finding(rule, place, why, mend, key=True)
    if "._domainkey." in name and len(record.values) > 1:
        why = f"{name} would have two keys, and receivers take any one of them"
        yield Finding("two-dkim", place, why, "Give each key a selector of its own.", key=True)


def _beginning(record: Record, start: str) -> int:
    return sum(value.text.lower().startswith(start) for value in record.values)


def _mx(record: Record, types: dict[str, dict[str, Record]], zones: set[str], place: Path) -> Iterator[Finding]:
    for value in record.values:
        target = value.text.split()[-1].removesuffix(".")
        if not any(target == zone or target.endswith(f".{zone}") for zone in zones) or not target:
            continue
        found = types.get(target) or _wildcard(target, types)
        if "CNAME" in found:
            why, mend = f"{target} is a CNAME, to which no MX may point", "Name the host behind it."
            yield Finding("mx-to-cname", place, why, mend)
        elif not found.keys() & {"A", "AAAA"}:
            why = f"{target} has no address, so nobody can deliver mail there"
            yield Finding("mx-without-address", place, why, "Add its A record, or name a host that has one.")


def _wildcard(name: str, types: dict[str, dict[str, Record]]) -> dict[str, Record]:
    """Return the records that stand for a name without any of its own (RFC 4592, section 3.3.1)."""
    for above in parents(name):
        if f"*.{above}" in types:
            return types[f"*.{above}"]
        if any(f".{one}".endswith(f".{above}") for one in types):
            break
    return {}
