"""SSH keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

from generator.rehearse.hetzner import checks
from generator.rehearse.hetzner.errors import invalid, not_unique
from generator.rehearse.hetzner.family import Call, Family, Reply
from generator.rehearse.hetzner.store import Record, Store, now


class SshKeys(Family):
    """SSH keys.

    Args:
        store: The state.
        existing: Names of keys that exist; the keys themselves are made from the names.
    """

    kind, plural, title = "ssh_key", "ssh_keys", "SSH key"
    acts = False

    def __init__(self, store: Store, existing: Sequence[str] = ()) -> None:
        super().__init__(store)
        for name in existing:
            self._add(name, _public_key(name), {})

    def _add(self, name: str, public_key: str, labels: dict[str, str]) -> Record:
        fingerprint = _fingerprint(public_key)
        if any(record["fingerprint"] == fingerprint for record in self.store.table("ssh_key").values()):
            raise not_unique(self.title, "fingerprint")
        record: Record = {
            "id": self.store.next_id("ssh_key"),
            "name": name,
            "fingerprint": fingerprint,
            "public_key": public_key,
            "labels": labels,
            "created": now(),
        }
        self.store.table("ssh_key")[record["id"]] = record
        return record

    def create(self, call: Call) -> Reply:
        """Answers `POST /ssh_keys`."""
        name = self.new_name(call.body)
        public_key = checks.need_text(call.body, "public_key").strip()
        return Reply(201, {"ssh_key": self._add(name, public_key, checks.labels(call.body) or {})})

    def selects(self, call: Call, record: Record) -> bool:
        """Returns whether a record passes the family's own query parameters."""
        return call.one("fingerprint") in (None, record["fingerprint"])

    def delete(self, call: Call) -> Reply:
        """Answers `DELETE /ssh_keys/{id}`."""
        del self.store.table("ssh_key")[self.record(call)["id"]]
        return Reply(204, None)


def _fingerprint(public_key: str) -> str:
    words = public_key.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        raise invalid("public_key", "is no SSH public key") from None
    # The blob names its own type: four bytes of length, then the name.
    if blob[4 : 4 + len(words[0])] != words[0].encode():
        raise invalid("public_key", "is no SSH public key")
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[place : place + 2] for place in range(0, 32, 2))


def _public_key(name: str) -> str:
    kind, content = b"ssh-ed25519", hashlib.sha256(name.encode()).digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, content))
    return f"{kind.decode()} {base64.b64encode(blob).decode()} {name}"
