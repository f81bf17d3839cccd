"""The public key of DKIM signatures, as Carbonio's tool prints it and as DNS carries it (RFC 6376, section 3.6.1)."""

import re

_TAGS = {"v", "g", "h", "k", "n", "p", "s", "t"}
"""`g` is of RFC 4871 alone, and still met."""

_LEAST_BITS = 2048
"""Below that zmdkimkeyutil makes none, and receivers begin to refuse (RFC 8301, section 3.2)."""


def published(text: str) -> tuple[str, str]:
    """Return selector and record text of a published key; the selector is empty where the text names none.

    Args:
        text: `v=DKIM1; k=rsa; p=...`, or a line of a zone file, alone or among other words, with the text in one or
            more quoted parts.

    Raises:
        ValueError: There is no key in it, or a wrong one; the message says what is wrong.
    """
    found = re.search(r"(?:^|\s)([A-Za-z0-9][A-Za-z0-9.-]*)\._domainkey\S*\s", text)
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', text[found.end() :] if found else text)
    value = "".join(parts) if parts else text.strip()
    value = re.sub(r"\\(.)", r"\1", value)
    _check(value)
    return found[1].lower() if found else "", value


def _check(value: str) -> None:
    """Refuse what no receiver would take for a key."""
    tags: dict[str, str] = {}
    for part in value.rstrip("; ").split(";"):
        tag, equals, content = part.strip().partition("=")
        tag = tag.strip()
        if not equals:
            raise ValueError(f'"{part.strip()[:40]}" is no tag with a value')
        if tag in tags:
            raise ValueError(f'it has the tag "{tag}" twice')
        if tag not in _TAGS:
            raise ValueError(f'"{tag}" is no tag of a DKIM key')
        tags[tag] = re.sub(r"\s", "", content)
    if "p" not in tags:
        raise ValueError('it has no tag "p", which holds the key')
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise ValueError("it must begin with v=DKIM1")
    if not tags["p"]:
        raise ValueError("its key is empty: it has been revoked")
    _check_key(tags.get("k", "rsa"), tags["p"])


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
        raise ValueError(f'"{algorithm}" is no kind of key: rsa or ed25519')
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("its key cannot be read: it was cut or changed") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("its key is not an RSA key, though it says so")
    if key.key_size < _LEAST_BITS:
        raise ValueError(f"its key has {key.key_size} bits; at least {_LEAST_BITS} are needed")
