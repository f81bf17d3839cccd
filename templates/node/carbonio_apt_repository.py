"""A package repository on Ubuntu, and its key."""
import base64
import re
from typing import Any, Dict

from carbonio_node import Done, Failure, System


def openpgp(data: bytes) -> bytes:
    """Return an OpenPGP key in its binary form."""
    armour = re.search(rb"-----BEGIN PGP .*?\r?\n\r?\n(.*?)\n(=|-----END)", data, re.DOTALL)
    key = base64.b64decode(armour.group(1)) if armour else data
    if not key or key[0] < 0x80:
        raise Failure("what was fetched is not an OpenPGP key")
    return key


def repository(system: System, spec: Dict[str, Any], name: str) -> Done:
    spec = spec["apt"]
    # The file names of the installation guide, so that following it by hand makes no second one.
    file = {"carbonio": "zextras", "postgresql": "pgdg"}[name]
    path = "/etc/apt/sources.list.d/%s.list" % file
    changed = False
    # Without its key a repository would fail every later update, so the key comes first.
    if not system.exists(spec["keyring"]):
        fetched = "/var/lib/carbonio-node/key"
        system.changes("fetch " + spec["key_url"])
        system.write(fetched, "")
        system.act("curl", "-fsSL", "--proto", "=https", "--max-time", "60", "-o",
                   system.path(fetched), spec["key_url"])
        changed = system.write(spec["keyring"], openpgp(system.data(fetched)))
    changed |= system.write(path, "deb [arch=amd64 signed-by=%s] %s %s %s\n" % (
        spec["keyring"], spec["uri"], spec["suite"], " ".join(spec["components"])))
    done = system.run(
        "apt-get", "-q", "-o", "Dir::Etc::sourcelist=" + system.path(path), "-o",
        "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=0", "update")
    # Where nothing answers, apt warns and ends with 0.
    if "Failed to fetch" in done.err:
        raise Failure("%s cannot be reached: %s" % (spec["uri"], done.err.strip().splitlines()[0]))
    return changed, spec["uri"]
