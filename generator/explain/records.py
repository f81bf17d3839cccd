"""Kinds of DNS records by the names that people have for them, such as `SPF`, and those of a deployment."""

from collections.abc import Callable, Iterator

import msgspec

from generator.explain.answer import About, Answer, section


class _Kind(msgspec.Struct, frozen=True):
    """A kind of record.

    Attributes:
        text: What it is good for.
        source: Where that is written.
        keys: Keys of the topology that change it.
        is_one: Tells a record from others by its name and value; None where `about_record` finds them by their type.
    """

    text: str
    source: str
    keys: tuple[str, ...] = ()
    is_one: Callable[[str, str], bool] | None = None


_KINDS = {
    "A": _Kind("Gives a name its IPv4 address.", "https://www.rfc-editor.org/rfc/rfc1035"),
    "CAA": _Kind(
        "Names who may issue certificates for the domain.", "https://www.rfc-editor.org/rfc/rfc8659", ("dns.caa",)
    ),
    "CNAME": _Kind("Says that a name is another one.", "https://www.rfc-editor.org/rfc/rfc1034"),
    "DKIM": _Kind(
        "Publishes the public key with which receivers check the signature of a mail: who signed it, and that nobody "
        "changed it on the way. Carbonio makes the key after the installation.",
        "https://www.rfc-editor.org/rfc/rfc6376",
        ("dns.dkim",),
        lambda name, _: "._domainkey." in name,
    ),
    "DMARC": _Kind(
        "Says what receivers shall do with mail in the domain's name that neither SPF nor DKIM proves, and who gets "
        "reports about it.",
        "https://www.rfc-editor.org/rfc/rfc7489",
        ("dns.dmarc",),
        lambda name, _: name.startswith("_dmarc."),
    ),
    "MTA-STS": _Kind(
        "Tells senders that mail comes encrypted, to the hosts of a policy that they read by HTTPS.",
        "https://www.rfc-editor.org/rfc/rfc8461",
        ("dns.mta_sts",),
        lambda name, _: name.startswith(("_mta-sts.", "mta-sts.")),
    ),
    "MX": _Kind(
        "Names the hosts that accept mail for a domain; the lowest number comes first.",
        "https://www.rfc-editor.org/rfc/rfc5321#section-5",
        ("dns.mx", "public_name"),
    ),
    "NS": _Kind("Names the servers that answer for a zone.", "https://www.rfc-editor.org/rfc/rfc1034"),
    "PTR": _Kind(
        "Leads from an address back to a name. Many receivers refuse mail from an address whose name does not lead "
        "back to it. Whoever gave the address sets it.",
        "https://www.rfc-editor.org/rfc/rfc1912#section-2.1",
        ("dns.ptr",),
    ),
    "SPF": _Kind(
        "Lists the addresses that may send mail in the domain's name; it is a TXT record of the domain itself.",
        "https://www.rfc-editor.org/rfc/rfc7208",
        ("dns.spf",),
        lambda _, value: value.startswith("v=spf1"),
    ),
    "SRV": _Kind("Names host and port of a service.", "https://www.rfc-editor.org/rfc/rfc2782"),
    "TLS-RPT": _Kind(
        "Says who gets reports about encryption that failed on the way here.",
        "https://www.rfc-editor.org/rfc/rfc8460",
        ("dns.tls_reports",),
        lambda name, _: name.startswith("_smtp._tls."),
    ),
    "TXT": _Kind(
        "Holds text for programs: SPF, DKIM and DMARC are such records.", "https://www.rfc-editor.org/rfc/rfc1035"
    ),
}

KINDS_OF_RECORDS = tuple(_KINDS)
"""Their names; any case will do."""


def about_kind_of_record(word: str, about: About) -> Iterator[Answer]:
    """Yield what a kind of record is good for, and those of the deployment that are not found by their type."""
    kind = _KINDS.get(word.upper())
    if kind is None:
        return
    values: list[str] = []
    reasons: list[str] = []
    for record in about.plan.dns.public if about.plan is not None else ():
        for value, need, why in record.reasons:
            if kind.is_one is not None and kind.is_one(record.name, value.text):
                text = value.shown
                values.append(f"{record.name} {record.type}: {text}")
                reasons.append(f"{need}: {why}.")
    if kind.is_one is not None and about.plan is not None and not values:
        reasons.append("This deployment has none.")
    yield Answer(
        f"{word.upper()}: a kind of DNS record",
        (kind.text, *dict.fromkeys(reasons)),
        (*section("In this deployment", values), *section("Keys of the topology", list(kind.keys))),
        (kind.source,),
    )
