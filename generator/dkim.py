"""The public key of DKIM signatures, as Carbonio's tool prints it and as DNS carries it (RFC 6376, section 3.6.1)."""

import re
from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from generator.kinds import DOMAIN
from generator.problems import listing

_TAGS = {"v", "g", "h", "k", "n", "p", "s", "t"}
"""`g` is of RFC 4871 alone, and still met."""

_LEAST_BITS = 2048
"""Below that zmdkimkeyutil makes none, and receivers begin to refuse (RFC 8301, section 3.2)."""


class Key(msgspec.Struct, frozen=True):
    """A published key among the words of a text.

    Attributes:
        selector: Empty where the text names none.
        text: Of the record, whole and without quotes.
        domain: The domain that the text says it is for; empty where it says none.
    """

    selector: str
    text: str
    domain: str


def published(text: str, domain: str = "") -> Key:
    """Return the published key that a text holds.

    Args:
        text: `v=DKIM1; k=rsa; p=...`, or lines of a zone file, alone or among other words, with the text in one or
            more quoted parts.
        domain: Whose key is wanted where there are several, as DNS has it.

    Raises:
        ValueError: There is no key in it, a wrong one, or more than one; the message says what is wrong, and quotes
            no more than a word.
    """
    _refuse_other_forms(text)
    keys = list(dict.fromkeys(_keys(text)))
    if len(keys) > 1:
        mine = [key for key in keys if key.domain == domain] if all(key.domain for key in keys) else []
        if len(mine) != 1:
            names = listing([key.selector + (f" for {key.domain}" if key.domain else "") for key in keys])
            raise ValueError(f"it holds {len(keys)} keys ({names.replace(' or ', ' and ')}), and one is wanted")
        keys = mine
    _check(keys[0].text)
    return keys[0]


def _refuse_other_forms(text: str) -> None:
    """Refuse what holds a key in another form, and show nothing of it."""
    if "PRIVATE KEY" in text:
        raise ValueError("it holds a private key, which nobody but the mail server may have")
    if "-----BEGIN" in text:
        raise ValueError("it is a PEM file, and not the text of a record")
    if re.fullmatch(r"[A-Za-z0-9+/\s]{40,}=*\s*", text):
        raise ValueError("it is base64 alone, without the tags around it")


def _keys(text: str) -> Iterator[Key]:
    owners = list(re.finditer(r"(?:^|\s)([A-Za-z0-9][A-Za-z0-9.-]*)\._domainkey(\.\S*)?\s", text))
    if not owners:
        yield Key("", _unquoted(text), _named(text))
    for owner, after in zip_longest(owners, owners[1:]):
        entry = text[owner.end() : after.start() if after else len(text)]
        named = _ascii((owner[2] or "").strip(".")) or _named(entry)
        yield Key(owner[1].lower(), _unquoted(entry), named)


def _named(entry: str) -> str:
    """Return the domain in the comment that zmdkimkeyutil puts behind a key."""
    found = re.search(r"; -+ DKIM key \S+ for (\S+)", entry)
    return _ascii(found[1]) if found else ""


def _ascii(name: str) -> str:
    try:
        return str(DOMAIN.parse(name))
    except ValueError:
        return ""


def _unquoted(entry: str) -> str:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', entry)
    return re.sub(r"\\(.)", r"\1", "".join(parts) if parts else entry.strip())


_LONGEST_WORD = 20


def _check(value: str) -> None:
    """Refuse what no receiver would take for a key."""
    tags: dict[str, str] = {}
    for part in value.rstrip("; ").split(";"):
        tag, equals, content = part.strip().partition("=")
        tag = tag.strip()
        if not equals:
            raise ValueError(f'"{_short(part.strip())}" is no tag with a value')
        if tag in tags:
            raise ValueError(f'it has the tag "{_short(tag)}" twice')
        if tag not in _TAGS:
            raise ValueError(f'"{_short(tag)}" is no tag of a DKIM key')
        tags[tag] = re.sub(r"\s", "", content)
    if "p" not in tags:
        raise ValueError('it has no tag "p", which holds the key')
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise ValueError("it must begin with v=DKIM1")
    if not tags["p"]:
        raise ValueError("its key is empty: it has been revoked")
    if "sha256" not in tags.get("h", "sha256").split(":"):
        # RFC 8301, section 3.1: SHA-1 is none.
        raise ValueError(f'its tag h admits "{_short(tags["h"])}" alone, and mail is signed with sha256')
    if {"*", "email"}.isdisjoint(tags.get("s", "*").split(":")):
        raise ValueError(f'its tag s says that it is for "{_short(tags["s"])}", not for email')
    _check_key(tags.get("k", "rsa"), tags["p"])


def _short(text: str) -> str:
    """Return a word for a message; what stands in the place of a key may be a secret."""
    return text if len(text) <= _LONGEST_WORD else f"{text[:_LONGEST_WORD]}..."


def _check_key(algorithm: str, text: str) -> None:
    import base64

    # Slow to import, and needed where a key is given alone.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("its key is not base64: it was cut or changed") from None
    if algorithm == "ed25519":
        # RFC 8463, section 4.2.
        if len(data) != 32:
            raise ValueError(f"its Ed25519 key has {len(data)} bytes instead of 32")
        return
    if algorithm != "rsa":
        raise ValueError(f'"{_short(algorithm)}" is no kind of key: rsa or ed25519')
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("its key cannot be read: it was cut or changed") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("its key is not an RSA key, though it says so")
    if key.key_size < _LEAST_BITS:
        raise ValueError(f"its key has {key.key_size} bits; at least {_LEAST_BITS} are needed")
