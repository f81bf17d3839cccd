"""Kinds of scalars that are public keys."""

import base64
import binascii
import re

from generator.kinds import remedies
from generator.kinds.kind import Kind, as_text, written

_WIREGUARD_BYTES = 32

_KEY = (
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" ([A-Za-z0-9+/]{40,8000}={0,2})(?: [A-Za-z0-9@._+:/-][A-Za-z0-9@._+:/ -]{0,100})?"
)


def _public_key(value: object) -> str:
    """Accept one line of an authorized_keys file whose blob is of the type it claims (RFC 4253, 6.6)."""
    text = as_text(value)
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
    text = as_text(value)
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:
        raise ValueError("it is not base64") from None
    if size != _WIREGUARD_BYTES:
        raise ValueError(f"it has {size} bytes instead of {_WIREGUARD_BYTES}")
    return text


WIREGUARD_KEY = Kind(
    "a public key as wg pubkey prints it: 44 characters that end in =",
    _wireguard_key,
    schema=written(r"[A-Za-z0-9+/]{43}={1,2}"),
    usual="Copy all of what wg pubkey prints on the peer's own machine.",
)
PUBLIC_KEY = Kind(
    "the content of a public key file: one line that starts with ssh-ed25519, ssh-rsa or ecdsa",
    _public_key,
    remedy=remedies.as_public_key,
    schema=written(_KEY),
    usual="Copy the whole line again, from the file that ends in .pub.",
)
