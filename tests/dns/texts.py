"""Texts of TXT records that are easily cut or quoted wrongly."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def dkim(bits: int) -> str:
    """Return the record of a new DKIM key."""
    key = rsa.generate_private_key(65537, bits).public_key()
    data = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(data).decode()}"


def of_length(length: int) -> str:
    """Return a text in which no two stretches are alike."""
    return "".join(f"{number:05}" for number in range(length))[:length]


TEXTS: dict[str, str] = {
    **{f"length-{length}": of_length(length) for length in (1, 254, 255, 256, 510, 511, 766)},
    **{f"dkim-{bits}": dkim(bits) for bits in (2048, 4096)},
    "quotes": 'say "yes" or "no"',
    "quotes-alone": '"' * 256,
    "quote-at-the-seam": f'{of_length(254)}"{of_length(254)}"',
    "quote-after-the-seam": f'{of_length(255)}"{of_length(254)}"',
    "backslashes": "C:\\mail\\" * 40,
    "backslash-at-the-seam": f'{of_length(254)}\\"{of_length(10)}\\',
    "looks-escaped": '\\065\\101\\n \\"',
    "two-in-quotes": '"one" "two"',
    "spaces": "  at both ends  ",
    "spaces-alone": " " * 256,
    "comment": "v=DMARC1; p=none; (no comment)",
    "percent": "%s %% %{i} ${x} 100%",
    "at": "a@b @@ @@@ @@public:mta1@@",
}
