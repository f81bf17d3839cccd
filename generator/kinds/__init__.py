"""Kinds of scalars in a topology: what a text may look like and what it means.

Every string of a topology passes one of these before it reaches Terraform, cloud-init or a shell, so
each allows the narrowest alphabet that its subject needs.
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable

from generator.kinds import remedies
from generator.kinds.kind import Kind, written


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _matching(
    expected: str, pattern: str, *, placeholder: str = "", most: int = 253, remedy: Callable[[str], str] | None = None
) -> Kind:
    def parse(value: object) -> str:
        text = _text(value)
        # The module keeps what it compiled; most patterns are never needed in a run.
        if not re.fullmatch(pattern, text) or len(text) > most:
            raise ValueError
        return text

    return Kind(expected, parse, placeholder, pattern, remedy=remedy, schema=written(pattern))


def one_of(*words: str) -> Kind:
    """Return the kind of a few fixed words."""

    def parse(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Kind(" or ".join(words), parse, words[0], choices=words, schema={"enum": list(words)})


def _date(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(_DATE, text):
        raise ValueError
    dt.date.fromisoformat(text)
    return text


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _whole(expected: str, least: int, most: int, placeholder: int | None) -> Kind:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if not least <= value <= most:
            raise ValueError
        return value

    return Kind(expected, parse, placeholder, schema={"type": "integer", "minimum": least, "maximum": most})


def _any_case(word: str) -> str:
    return "".join(f"[{char.lower()}{char.upper()}]" if char.isalpha() else char for char in word)


def _measured(expected: str, units: dict[str, float], most: int, usual: str) -> Kind:
    known = {unit.lower(): factor for unit, factor in units.items()}

    def parse(value: object) -> int:
        match = re.fullmatch(rf"({_AMOUNT}) ?([A-Za-z%]{{1,5}})", str(value))
        if not match or match[2].lower() not in known:
            raise ValueError("a bare number has no unit" if re.fullmatch(r"[\d.]+", str(value)) else "")
        amount = float(match[1]) * known[match[2].lower()]
        if amount != int(amount):
            raise ValueError("it must come to a whole number of the smaller unit")
        if amount > most:
            raise ValueError("that is more than any deployment holds")
        return int(amount)

    names = "|".join(_any_case(unit) for unit in units)
    return Kind(expected, parse, 0, remedy=remedies.with_unit(usual), schema=written(f"{_AMOUNT} ?(?:{names})"))


_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,3})?"


_WIREGUARD_BYTES = 32

_KEY = (
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" ([A-Za-z0-9+/]{40,8000}={0,2})(?: [A-Za-z0-9@._+:/-][A-Za-z0-9@._+:/ -]{0,100})?"
)


def _public_key(value: object) -> str:
    """Accept one line of an authorized_keys file whose blob is of the type it claims (RFC 4253, 6.6)."""
    text = _text(value)
    match = re.fullmatch(_KEY, text)
    if not match:
        raise ValueError
    try:
        blob = binascii.a2b_base64(match[2])
    except binascii.Error:
        raise ValueError("it was cut or changed: its middle part is not base64") from None
    parts = []
    at = 0
    while at + 4 <= len(blob):
        length = int.from_bytes(blob[at : at + 4], "big")
        parts.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(blob) or parts[0] != match[1].encode():
        raise ValueError("it was cut or changed: its parts do not add up")
    return text


def _wireguard_key(value: object) -> str:
    """Accept what `wg pubkey` prints: 32 bytes in base64."""
    text = _text(value)
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:
        raise ValueError("it is not base64") from None
    if size != _WIREGUARD_BYTES:
        raise ValueError(f"it has {size} bytes instead of {_WIREGUARD_BYTES}")
    return text


def _image(value: object) -> str:
    return _IMAGE_TEXT.parse(str(value) if type(value) is int else value)  # type: ignore[no-any-return]


def _network(value: object) -> str:
    from generator.addressing import parse_network

    return str(parse_network(_text(value)))


def _sender(value: object) -> str:
    from generator.addressing import parse_sender

    text = _text(value)
    if text.lower().startswith(("ip4:", "ip6:")):
        raise ValueError(f"leave out {text[:4]}, as the record gets it by itself")
    return str(parse_sender(text))


def _address(value: object) -> str:
    from generator.addressing import parse_address

    return str(parse_address(_text(value)))


def _opening(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if value == "management":
        return "management"
    raise ValueError


def _release(value: object) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        raise ValueError("an unquoted number loses its zeros")
    text = _text(value)
    if not re.fullmatch(r"[0-9]{2}\.[0-9]{1,2}(\.[0-9]{1,2})?", text):
        raise ValueError
    return text


def _ascii(value: object) -> str:
    """Return a name as DNS has it: small letters, other scripts as A-labels (RFC 5891), no final dot."""
    text = _text(value).removesuffix(".")
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
    expected: str, pattern: str, *, placeholder: str = "", most: int = 253, any_label: bool = False
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

    return Kind(expected, parse, placeholder, schema=written(_in_any_script(pattern)))


def _mail_address(value: object) -> str:
    text = _text(value)
    if text.lower().startswith("mailto:"):
        raise ValueError("leave out mailto:, as records get it by themselves")
    local, at, domain = text.rpartition("@")
    if not local.isascii():
        raise ValueError("the part before the @ has letters that receivers of reports need not accept")
    found = str(_ADDRESS_TEXT.parse(f"{local}{at}{_ascii(domain)}"))
    _check_script(found.rpartition("@")[2])
    return found


def _authority(value: object) -> str:
    text = _text(value)
    if re.search(r"[\s\"':/;]", text):
        raise ValueError("only its domain belongs here, such as letsencrypt.org")
    return str(DOMAIN.parse(text))


def _spf_domain(value: object) -> str:
    text = _text(value)
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
_YES_OR_NO = "|".join(_any_case(word) for word in ("true", "yes", "on", "false", "no", "off"))

# Names of things that are looked up: whatever is not found is refused, with the names that are.
WORD = _matching("a name", r"[^\x00-\x1f\x7f]{1,63}")
NAME = _matching(
    "a name of letters, digits and hyphens",
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
    most=63,
)
NODE_NAME = _matching(
    "a host name: small letters, digits and hyphens, a letter first",
    r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    most=63,
    remedy=remedies.as_host_name,
)
DOMAIN = _domain_name(
    "a domain such as example.com",
    _DOMAIN_PATTERN,
    placeholder="example.com",
    most=200,
)
HOST_NAME = _domain_name("a host name such as mail.example.com", _DOMAIN_PATTERN)
RECORD_NAME = _domain_name(
    "a name of records such as www, @ or *.apps",
    rf"@|(?:\*|{_UNDERSCORED})(?:\.{_UNDERSCORED})*",
    any_label=True,
)
_SPF_TEXT = _domain_name("", rf"(?:{_UNDERSCORED}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", any_label=True)
SPF_DOMAIN = Kind("the domain of another SPF record such as _spf.example.com", _spf_domain, schema=_SPF_TEXT.schema)
AUTHORITY = Kind("the domain of a certification authority such as letsencrypt.org", _authority, schema=DOMAIN.schema)
RECORD_TYPE = one_of("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
RECORD_TEXT = _matching("the text of a record: ASCII, on one line", r"[\x20-\x7e]{1,4000}", most=4000)
KEY_TEXT = _matching("the text of a DKIM key, on one or more lines", r"[\t\n\r\x20-\x7e]{1,4000}", most=4000)
REASON = _matching("a reason: a sentence on one line", r"[^\x00-\x1f\x7f]{3,300}", most=300)
SUBJECT = _matching("a name as the review shows it, such as 143/tcp", r"[^\x00-\x1f\x7f]{1,300}", most=300)
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
DATE = Kind("a date such as 2026-12-31", _date, "2026-12-31", schema=written(_DATE))
SELECTOR = _domain_name("a DKIM selector such as carbonio", rf"{_LABEL}(?:\.{_LABEL})*", most=100)
RELATIVE_FILE = _matching(
    "a file beside the topology such as dkim.txt",
    r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*",
)
HOST = _matching("a host name or an address", rf"(?:{_LABEL}\.)*{_LABEL}")
_ADDRESS_TEXT = _matching(
    "",
    rf"{_MAILBOX}@{_DOMAIN_PATTERN}",
)
MAIL_ADDRESS = Kind(
    "a mail address such as postmaster@example.com",
    _mail_address,
    schema=written(rf"{_MAILBOX}@(?:{_in_any_script(_DOMAIN_PATTERN)})"),
)
MACHINE_TYPE = _matching(
    "a machine type such as m6i.xlarge or, on a hypervisor, 8x32", r"[a-z0-9][a-z0-9.-]{1,40}", remedy=remedies.as_type
)
_IMAGE_TEXT = _matching("", r"[A-Za-z0-9/][A-Za-z0-9._:/=~+-]{2,200}")
IMAGE = Kind(
    "an image: an identifier such as ami-0123456789abcdef0, or where the file is",
    _image,
    pattern=_IMAGE_TEXT.pattern,
    schema=written(_IMAGE_TEXT.pattern),
)
URI = _matching(
    "a connection URI such as qemu:///system",
    r"qemu(?:\+[a-z0-9]+)?://[A-Za-z0-9.@:_-]*/(?:system|session)(?:\?[A-Za-z0-9._~/=&%-]+)?",
)
FOLDER = _matching("an absolute path of a folder", r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
WIREGUARD_KEY = Kind(
    "a public key as wg pubkey prints it: 44 characters that end in =",
    _wireguard_key,
    schema=written(r"[A-Za-z0-9+/]{43}={1,2}"),
)
PUBLIC_KEY = Kind(
    "the content of a public key file: one line that starts with ssh-ed25519, ssh-rsa or ecdsa",
    _public_key,
    remedy=remedies.as_public_key,
    schema=written(_KEY),
)
NETWORK = Kind("an IPv4 range such as 198.51.100.0/24", _network, "192.0.2.0/24", schema=written(_IPV4_RANGE))
SENDER = Kind(
    "an IPv4 or IPv6 range such as 198.51.100.0/24 or 2001:db8::/48",
    _sender,
    "192.0.2.0/24",
    schema=written(rf"{_IPV4_RANGE}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+(?:/[0-9]{{1,3}})?"),
)
ADDRESS = Kind("an IPv4 address such as 10.20.0.10", _address, schema=written(_IPV4))
# Words of YAML 1.1 are texts to a reader of YAML 1.2.
SWITCH = Kind("true or false", _switch, False, schema={"type": ["boolean", "string"], "pattern": f"^(?:{_YES_OR_NO})$"})
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
)
COUNT = _whole("a whole number from 1 to 10 million", 1, 10_000_000, None)
PORT = _whole("a port from 1 to 65535", 1, 65_535, 51_820)
PREFERENCE = _whole("a preference from 0 to 65535", 0, 65_535, 10)
SECONDS = _whole("a number of seconds from 30 to 604800", 30, 604_800, 300)
SIZE = _measured("a size such as 5 GB", {"GB": 1, "GiB": 1, "TB": 1024, "TiB": 1024}, 10_000_000, "GB")
HOURS = _measured("a duration such as 200 hours", {"h": 1, "hour": 1, "hours": 1}, 10_000_000, "hours")
PERCENT = _measured("a share such as 20 %", {"%": 1}, 1_000, "%")
RELEASE = Kind('a release in quotes, such as "24.1"', _release, schema={"type": "string"})
