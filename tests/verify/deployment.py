"""The deployment whose DNS the tests serve: an example, with all that its records can be."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.helpers import ROOT, Result, build_tree, run_cli

ADDRESS = "203.0.113.10"
REVERSE = {"113.0.203.in-addr.arpa": "10 60 IN PTR mta1.example.com.\n"}
EXAMPLE = (ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml").read_text("utf-8")
_DNS = "  dmarc: {policy: none, reports: postmaster@example.com}\n"


class Deployment(NamedTuple):
    """A folder with what was generated, and the zone's records."""

    folder: Path
    zone: str

    def verify(self, *words: str) -> Result:
        return run_cli(self.folder, "verify", "--dns", *words)

    def rows(self, *words: str, code: int) -> list[dict[str, Any]]:
        result = self.verify("--json", *words)
        assert result.code == code, result.out + result.err
        rows: list[dict[str, Any]] = json.loads(result.out)["rows"]
        return rows


@cache
def dkim_key(bits: int = 2048) -> str:
    """Return the text of a published key."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(65537, bits).public_key()
    data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(data).decode()}"


def full_dns() -> str:
    """Return a `dns:` of the topology that asks for every kind of record."""
    return (
        f'  dmarc: {{policy: none, reports: postmaster@example.com}}\n  dkim: "{dkim_key()}"\n'
        "  caa: [letsencrypt.org]\n  mta_sts: testing\n  tls_reports: postmaster@example.com\n  autodiscover: true\n"
        "  silent_hosts: true\n  records: {www: {A: 203.0.113.80}, '@': {TXT: site=1}, '*.apps': {CNAME: www}}\n"
    )


def deploy(folder: Path, dns: str = _DNS, example: str = EXAMPLE) -> Deployment:
    """Generate a deployment.

    Args:
        folder: Where.
        dns: Lines of the topology's `dns:`.
        example: The topology.
    """
    assert _DNS in example
    build_tree(folder, {"topology.yaml": example.replace(_DNS, dns)})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    return Deployment(folder, (folder / "dns" / "example.com.zone").read_text("utf-8"))


def findings(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return status, type and name of the rows that are not simply right."""
    return [(row["status"], row["type"], row["name"]) for row in rows if row["status"] not in ("ok", "skipped")]
