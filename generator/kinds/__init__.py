"""Kinds of scalars in a topology: what a text may look like and what it means.

Every string of a topology passes one of these before it reaches Terraform, cloud-init or a shell, so
each allows the narrowest alphabet that its subject needs.
"""

import datetime as dt
import re

from generator.kinds import remedies
from generator.kinds.keys import PUBLIC_KEY as PUBLIC_KEY
from generator.kinds.keys import WIREGUARD_KEY as WIREGUARD_KEY
from generator.kinds.kind import Kind, any_case, as_text, written
from generator.kinds.numbers import COUNT as COUNT
from generator.kinds.numbers import HOURS as HOURS
from generator.kinds.numbers import PERCENT as PERCENT
from generator.kinds.numbers import PORT as PORT
from generator.kinds.numbers import PREFERENCE as PREFERENCE
from generator.kinds.numbers import SECONDS as SECONDS
from generator.kinds.numbers import SIZE as SIZE


def _matching(
    expected: str,
    pattern: str,
    *,
    placeholder: str = "",
    most: int = 253,
    remedy: remedies.Remedy | None = None,
    usual: str = "",
) -> Kind:
    def parse(value: object) -> str:
        text = as_text(value)
        # The module keeps what it compiled; most patterns are never needed in a run.
        if not re.fullmatch(pattern, text) or len(text) > most:
            raise ValueError
        return text

    return Kind(expected, parse, placeholder, pattern, remedy=remedy, schema=written(pattern), usual=usual)


def one_of(*words: str) -> Kind:
    """Return the kind of a few fixed words."""

    def parse(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    usual = "Write one of these words." if len(words) > 1 else f"Write: {words[0]}"
    return Kind(" or ".join(words), parse, words[0], choices=words, schema={"enum": list(words)}, usual=usual)


def _date(value: object) -> str:
    text = as_text(value)
    if not re.fullmatch(_DATE, text):
        raise ValueError
    dt.date.fromisoformat(text)
    return text


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _image(value: object) -> str:
    return _IMAGE_TEXT.parse(str(value) if type(value) is int else value)  # type: ignore[no-any-return]


def _network(value: object) -> str:
    from generator.addressing import parse_network

    return str(parse_network(as_text(value)))


def _sender(value: object) -> str:
    from generator.addressing import parse_sender

    text = as_text(value)
    if text.lower().startswith(("ip4:", "ip6:")):
        raise ValueError(f"leave out {text[:4]}, as the record gets it by itself")
    return str(parse_sender(text))


def _address(value: object) -> str:
    from generator.addressing import parse_address

    return str(parse_address(as_text(value)))


def _opening(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if value == "management":
        return "management"
    raise ValueError


def _release(value: object) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        raise ValueError("an unquoted number loses its zeros")
    text = as_text(value)
    if not re.fullmatch(r"[0-9]{2}\.[0-9]{1,2}(\.[0-9]{1,2})?", text):
        raise ValueError
    return text


def _ascii(value: object) -> str:
    """Return a name as DNS has it: small letters, other scripts as A-labels (RFC 5891), no final dot."""
    text = as_text(value).removesuffix(".")
    if text.isascii():
        return text.lower()
    import idna

    try:
        return idna.encode(text.lower(), uts46=True).decode()
    except idna.IDNAError as why:
        raise ValueError(f"mail and DNS cannot use it ({why})") from None


def _in_any_script(pattern: str) -> str:
    """Return the pattern of what `_ascii` turns into a name: capitals, a final dot, letters of other scripts."""
    return rf"(?:{pattern.replace('a-z', 'A-Za-z')})\.?|[^\x00]*[^\x00-\x7f][^\x00]*"


def _check_script(text: str) -> None:
    """Refuse an A-label that stands for no name in any script."""
    if "xn--" not in text:
        return
    import idna

    try:
        idna.decode(text)
    except idna.IDNAError as why:
        raise ValueError(f"mail and DNS cannot use it ({why})") from None


def _domain_name(
    expected: str,
    pattern: str,
    *,
    placeholder: str = "",
    most: int = 253,
    any_label: bool = False,
    remedy: remedies.Remedy | None = None,
    usual: str = "",
) -> Kind:
    strict = _matching("", pattern, most=most)

    def parse(value: object) -> str:
        text = _ascii(value)
        if any(len(label) > _LABEL_BYTES for label in text.split(".")):
            raise ValueError(f"a part between dots has more than {_LABEL_BYTES} characters")
        found = str(strict.parse(text))
        if not any_label:
            _check_script(found)
        return found

    schema = written(_in_any_script(pattern))
    return Kind(expected, parse, placeholder, remedy=remedy, schema=schema, usual=usual)


def _mail_address(value: object) -> str:
    text = as_text(value)
    if text.lower().startswith("mailto:"):
        raise ValueError("leave out mailto:, as records get it by themselves")
    local, at, domain = text.rpartition("@")
    if not local.isascii():
        raise ValueError("the part before the @ has letters that receivers of reports need not accept")
    found = str(_ADDRESS_TEXT.parse(f"{local}{at}{_ascii(domain)}"))
    _check_script(found.rpartition("@")[2])
    return found


def _authority(value: object) -> str:
    text = as_text(value)
    if re.search(r"[\s\"':/;]", text):
        raise ValueError("only its domain belongs here, such as letsencrypt.org")
    return str(DOMAIN.parse(text))


def _spf_domain(value: object) -> str:
    text = as_text(value)
    if text.lower().startswith("include:"):
        raise ValueError("leave out include:, as the record gets it by itself")
    if re.fullmatch(r"(?:ip4:)?[0-9.]+(?:/[0-9]+)?|(?:ip6:)?[0-9a-f]*:[0-9a-f:]+(?:/[0-9]+)?", text.lower()):
        raise ValueError("an address belongs into dns.spf.addresses")
    return str(_SPF_TEXT.parse(text))


_LABEL_BYTES = 63
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

_DOMAIN_PATTERN = rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])"
_UNDERSCORED = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"

_MAILBOX = r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
# 0032 is 32: it only looks for decimal digits, however many.
_IPV4_RANGE = rf"{_IPV4}(?:/0*(?:3[0-2]|[12]?[0-9])?)?"
_YES_OR_NO = "|".join(any_case(word) for word in ("true", "yes", "on", "false", "no", "off"))

# Names of things that are looked up: whatever is not found is refused, with the names that are.
WORD = _matching("a name", r"[^\x00-\x1f\x7f]{1,63}", usual="Write it on one line, in at most 63 characters.")
NAME = _matching(
    "a name of letters, digits and hyphens",
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
    most=63,
    remedy=remedies.as_name,
    usual="Write it as in: mail, or in quotes where it is a number.",
)
NODE_NAME = _matching(
    "a host name: small letters, digits and hyphens, a letter first",
    r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    most=63,
    remedy=remedies.as_host_name,
    usual="Write it as in: mta1",
)
_DOMAIN_NEEDS = "It has parts of 1 to 63 letters, digits and hyphens, with dots between them."
DOMAIN = _domain_name(
    "a domain such as example.com",
    _DOMAIN_PATTERN,
    placeholder="example.com",
    most=200,
    remedy=remedies.as_domain,
    usual=_DOMAIN_NEEDS,
)
HOST_NAME = _domain_name(
    "a host name such as mail.example.com", _DOMAIN_PATTERN, remedy=remedies.as_domain, usual=_DOMAIN_NEEDS
)
RECORD_NAME = _domain_name(
    "a name of records such as www, @ or *.apps",
    rf"@|(?:\*|{_UNDERSCORED})(?:\.{_UNDERSCORED})*",
    any_label=True,
    remedy=remedies.as_record_name,
    usual="Write what stands before the zone, or @ for the zone itself.",
)
_SPF_TEXT = _domain_name("", rf"(?:{_UNDERSCORED}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", any_label=True)
SPF_DOMAIN = Kind(
    "the domain of another SPF record such as _spf.example.com",
    _spf_domain,
    remedy=remedies.as_spf_domain,
    schema=_SPF_TEXT.schema,
    usual="Write the domain whose TXT record begins with v=spf1.",
)
AUTHORITY = Kind(
    "the domain of a certification authority such as letsencrypt.org",
    _authority,
    remedy=remedies.as_authority,
    schema=DOMAIN.schema,
    usual="Write the domain that its documents name for CAA records.",
)
RECORD_TYPE = one_of("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
_TEXT = "Write it as DNS carries it: 1 to 4000 characters of ASCII, without line breaks."
RECORD_TEXT = _matching("the text of a record: ASCII, on one line", r"[\x20-\x7e]{1,4000}", most=4000, usual=_TEXT)
KEY_TEXT = _matching(
    "the text of a DKIM key, on one or more lines",
    r"[\t\n\r\x20-\x7e]{1,4000}",
    most=4000,
    usual="Paste what zmdkimkeyutil printed, or name the file that has it: dkim: {file: dkim.txt}",
)
REASON = _matching(
    "a reason: a sentence on one line",
    r"[^\x00-\x1f\x7f]{3,300}",
    most=300,
    usual="Say why, in 3 to 300 characters, as in: we move to 26.6 in May",
)
SUBJECT = _matching(
    "a name as the review shows it, such as 143/tcp",
    r"[^\x00-\x1f\x7f]{1,300}",
    most=300,
    usual="Copy it from the review.",
)
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_DATE_NEEDS = "Write the year, the month and a day that it has, as in: 2026-12-31"
DATE = Kind("a date such as 2026-12-31", _date, "2026-12-31", schema=written(_DATE), usual=_DATE_NEEDS)
SELECTOR = _domain_name(
    "a DKIM selector such as carbonio",
    rf"{_LABEL}(?:\.{_LABEL})*",
    most=100,
    remedy=remedies.as_selector,
    usual="Write what stands before ._domainkey in the name of the key's record.",
)
RELATIVE_FILE = _matching(
    "a file beside the topology such as dkim.txt",
    r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*",
    usual="Put the file into the topology's folder, and name it from there.",
)
HOST = _matching(
    "a host name or an address",
    rf"(?:{_LABEL}\.)*{_LABEL}",
    usual="Write it alone, as in: pool.ntp.org",
)
_ADDRESS_TEXT = _matching(
    "",
    rf"{_MAILBOX}@{_DOMAIN_PATTERN}",
)
MAIL_ADDRESS = Kind(
    "a mail address such as postmaster@example.com",
    _mail_address,
    remedy=remedies.as_mail_address,
    usual="Write mailbox and domain, as in: postmaster@example.com",
    schema=written(rf"{_MAILBOX}@(?:{_in_any_script(_DOMAIN_PATTERN)})"),
)
MACHINE_TYPE = _matching(
    "a machine type such as m6i.xlarge or, on a hypervisor, 8x32",
    r"[a-z0-9][a-z0-9.-]{1,40}",
    remedy=remedies.as_type,
    usual="Write it as the cloud does, in small letters, or leave the key out to have one chosen.",
)
_IMAGE_TEXT = _matching("", r"[A-Za-z0-9/][A-Za-z0-9._:/=~+-]{2,200}")
IMAGE = Kind(
    "an image: an identifier such as ami-0123456789abcdef0, or where the file is",
    _image,
    pattern=_IMAGE_TEXT.pattern,
    schema=written(_IMAGE_TEXT.pattern),
    usual="Copy the identifier from the cloud's console, or write the file's path or URL.",
)
URI = _matching(
    "a connection URI such as qemu:///system",
    r"qemu(?:\+[a-z0-9]+)?://[A-Za-z0-9.@:_-]*/(?:system|session)(?:\?[A-Za-z0-9._~/=&%-]+)?",
    usual="Name a libvirt of QEMU or KVM, as virsh uri prints it.",
)
FOLDER = _matching(
    "an absolute path of a folder",
    r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+",
    usual="Write it from the root, as in: /var/lib/libvirt/images",
)
NETWORK = Kind(
    "an IPv4 range such as 198.51.100.0/24",
    _network,
    "192.0.2.0/24",
    remedy=remedies.as_network,
    schema=written(_IPV4_RANGE),
    usual="Write its first address, a slash and its length from 0 to 32, or one address alone.",
)
SENDER = Kind(
    "an IPv4 or IPv6 range such as 198.51.100.0/24 or 2001:db8::/48",
    _sender,
    "192.0.2.0/24",
    remedy=remedies.as_sender,
    schema=written(rf"{_IPV4_RANGE}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+(?:/[0-9]{{1,3}})?"),
    usual="Write its first address, a slash and its length, or one address alone.",
)
ADDRESS = Kind(
    "an IPv4 address such as 10.20.0.10",
    _address,
    remedy=remedies.as_address,
    schema=written(_IPV4),
    usual="Write four numbers from 0 to 255, with dots between them.",
)
# Words of YAML 1.1 are texts to a reader of YAML 1.2.
SWITCH = Kind(
    "true or false",
    _switch,
    False,
    schema={"type": ["boolean", "string"], "pattern": f"^(?:{_YES_OR_NO})$"},
    usual="Write one of the two, without quotes.",
)
OPENING = Kind(
    'true, false, "management" or a list of IPv4 ranges',
    _opening,
    False,
    schema={
        "type": ["boolean", "string", "array"],
        "pattern": f"^(?:{_YES_OR_NO}|management|{_IPV4_RANGE})$",
        "items": NETWORK.schema,
        "examples": ["management"],
    },
    usual="Write true for everybody, management for those who administer, or ranges such as 198.51.100.0/24.",
)
_RELEASE_NEEDS = "Write two or three numbers with dots between them, in quotes."
RELEASE = Kind('a release in quotes, such as "24.1"', _release, schema={"type": "string"}, usual=_RELEASE_NEEDS)
