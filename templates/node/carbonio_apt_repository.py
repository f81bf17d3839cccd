"""A package repository on Ubuntu, and its key."""
import os
import shutil
from typing import Any, Dict


def add_repository(system: System, spec: Dict[str, Any], key: str) -> Done:
    spec = spec["apt"]
    # The file names of the installation guide, so that following it by hand makes no second one.
    path = "/etc/apt/sources.list.d/%s.list" % {"carbonio": "zextras", "postgresql": "pgdg"}[key]
    changed = False
    # Without its key a repository would fail every later update, so the key comes first.
    if not system.exists(spec["keyring"]):
        fetched = system.path(STATE + "key")
        system.act("curl", "-fsSL", "--proto", "=https", "--max-time", "60", "--create-dirs", "-o",
                   fetched, spec["key_url"])
        system.act("gpg", "--yes", "-o", fetched + ".gpg", "--dearmor", fetched)
        os.chmod(fetched + ".gpg", 0o644)
        shutil.move(fetched + ".gpg", system.path(spec["keyring"]))
        changed = True
    changed |= system.write(path, "deb [arch=amd64 signed-by=%s] %s %s %s\n" % (
        spec["keyring"], spec["uri"], spec["suite"], " ".join(spec["components"])))
    # Where nothing answers, apt warns and ends with 0.
    problems = [line for line in system.run("apt-get", "-q", "update", check=False).err.splitlines()
                if spec["uri"] in line]
    need(not problems, problems)
    return changed, spec["uri"]
