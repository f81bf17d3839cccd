"""The operator's own records, each by itself: names and values that DNS and mail know."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from generator.addressing import is_address, is_private
from generator.context import Context
from generator.facts import MOST_LOOKUPS
from generator.kinds import RECORD_NAME
from generator.mail_domains import Mail, parents
from generator.problems import Finding, Path
from generator.records import canonical
from generator.validate.mail import FEWER_LOOKUPS, lookups_of

_HOSTS = frozenset({"A", "AAAA", "MX"})
"""Types whose owner is a host, which has no underscore in its name (RFC 952, RFC 1123)."""

_MECHANISM = r"[+?~-]?(?:all|(?:a|mx)(?:[:/]\S+)?|ptr(?::\S+)?|(?:include|exists|ip4|ip6):\S+)"
_SPF = rf"(?i:v=spf1(?: +(?:{_MECHANISM}|[a-z][a-z0-9_.-]*=\S*))* *)"
_POLICY = {"v=spf1": _SPF, "v=DMARC1": r"v=DMARC1 *; *p *= *(none|quarantine|reject) *(;.*)?"}
"""What a text that begins so has to look like (RFC 7208, section 12; RFC 7489, section 6.3)."""

_REPORTS_TO = re.compile(r"mailto:[^\s@,;!?]+@(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?:![0-9]+[kmgt]?)?", re.IGNORECASE)
"""To where reports go, and how large they may be; other schemes are allowed, and no receiver sends there."""

_CONSENT = re.compile(r"(?:.+\.)?_report\._dmarc(?:\..+)?")
"""Names at which a domain agrees to reports about another, by the version alone (RFC 7489, section 7.1)."""


def check_records(context: Context) -> Iterator[Finding]:
    """Values that are none, and values that cannot be meant."""
    domains = context.mail_domains
    ours = frozenset((*domains, *(one.zone for one in domains.values())))
    for mail in domains.values():
        for name, types in mail.records.items():
            yield from _relative(mail, name, ours)
            for type_, texts in types.items():
                for index, text in enumerate(texts):
                    yield from _check(mail, name, type_, text, (*mail.path, "records", name, type_, index))


def _relative(mail: Mail, written: str, ours: frozenset[str]) -> Iterator[Finding]:
    """Yield a name that stands there in full, and would get the domain a second time.

    Args:
        mail: Whose record it is.
        written: The name as the topology has it.
        ours: All mail domains and zones.
    """
    name = str(RECORD_NAME.parse(written))
    above = next((one for one in (name, *parents(name)) if one in ours), "")
    if not above and not written.endswith("."):
        return
    if name == mail.name or name.endswith(f".{mail.name}"):
        mend = f"Write {_below(name, mail.name)}."
    elif above:
        mend = f"Write {_below(name, above)} under the records of {above}, where that is a mail domain."
    else:
        mend = f"Only names below {mail.name} can be written here, without it and without a final dot."
    why = f"names are relative: {written} would become {name}.{mail.name}"
    yield Finding("absolute-name", (*mail.path, "records", written), why, mend, key=True)


def _below(name: str, domain: str) -> str:
    return "@" if name == domain else name.removesuffix(f".{domain}")


_ORDER = {
    "A": "an IPv4 address alone, as in: 203.0.113.80",
    "AAAA": "an IPv6 address alone, as in: 2001:db8::80",
    "CAA": 'flags, tag and value, as in: 0 issue "letsencrypt.org"',
    "CNAME": "one name, as in: host.example.net",
    "MX": "preference and host, as in: 10 mail.example.com",
    "NS": "one name, as in: ns1.example.net",
    "SRV": "priority, weight, port and host, as in: 0 1 443 host.example.com",
    "TXT": "a text",
}


def _check(mail: Mail, name: str, type_: str, text: str, place: Path) -> Iterator[Finding]:
    try:
        value = canonical(type_, text, mail.name)
    except ValueError as error:
        mend = f"It is {_ORDER[type_]}."
        yield Finding("wrong-record", place, f'"{text}" is no value of type {type_}: {error}', mend)
        return
    if type_ in _HOSTS and "_" in name:
        why = f"{name} has an underscore, which no host has"
        yield Finding("wrong-host", place[:-1], why, "Choose another name.", key=True)
    if type_ == "A" and is_private(IPv4Network(value)):
        why = f"{value} is private: the Internet cannot reach it, and learns about your network"
        mend = "Leave it out; names that are for the nodes alone belong into dns.also_inside."
        yield Finding("private-record", place, why, mend)
    if type_ == "MX" and is_address(value.split()[-1].removesuffix(".")):
        why = f"an MX names a host, and {value.split()[-1].removesuffix('.')} is an address"
        yield Finding("mx-to-address", place, why, "Give the address a name by an A record, and use that.")
    for start, pattern in _POLICY.items():
        if "DMARC" in start and _CONSENT.fullmatch(name):
            continue
        if type_ == "TXT" and value.lower().startswith(start.lower()) and not re.fullmatch(pattern, value):
            why = f'"{value[:60]}" begins with {start}, and receivers cannot read it'
            mend = "DMARC needs p= right after the version."
            if "spf" in start:
                mend = "Words such as ip4:203.0.113.7 or include:example.net follow it, each after a space."
            yield Finding("wrong-record", place, why, mend)
    if type_ == "TXT" and re.fullmatch(_SPF, value):
        yield from _lookups(value, place)
    if type_ == "TXT" and re.fullmatch(_POLICY["v=DMARC1"], value):
        yield from _reports(value, place)
    if type_ == "TXT" and "._domainkey" in f".{name}":
        yield from _dkim(value, place)


def _lookups(value: str, place: Path) -> Iterator[Finding]:
    words = [word.lstrip("+?~-") for word in value.lower().split()[1:]]
    number = sum(
        lookups_of(re.split("[:=]", word, maxsplit=1)[1])
        if word.startswith(("include:", "redirect="))
        else re.fullmatch(r"(?:a|mx|ptr)(?:[:/].*)?|exists:.*", word) is not None
        for word in words
    )
    if number > MOST_LOOKUPS:
        why = f"this SPF takes {number} look-ups, and receivers stop after {MOST_LOOKUPS}"
        yield Finding("spf-lookups", place, why, FEWER_LOOKUPS)


def _reports(value: str, place: Path) -> Iterator[Finding]:
    for tag, _, receivers in (part.partition("=") for part in value.split(";")):
        if tag.strip().lower() not in ("rua", "ruf"):
            continue
        for receiver in map(str.strip, receivers.split(",")):
            if not _REPORTS_TO.fullmatch(receiver):
                why = f'reports go to mailto: and a mail address, and {tag.strip()} has "{receiver[:60]}"'
                mend = f"Write it so: {tag.strip()}=mailto:dmarc@example.com, several with commas between them."
                yield Finding("wrong-record", place, why, mend)


def _dkim(value: str, place: Path) -> Iterator[Finding]:
    from generator.dkim import published

    try:
        published(value)
    except ValueError as error:
        yield Finding("wrong-dkim", place, f"this is no DKIM key: {error}", "Put in the published text, whole.")
