"""What differs on Ubuntu: packages with apt, their repositories, time and language."""
import base64
import re
from typing import Any, Dict

from carbonio_node import Done, Failure, System

CHRONY = "/etc/chrony/chrony.conf", "chrony"
EARLY = {}  # type: Dict[str, Any]
LATE = {}  # type: Dict[str, Any]


def install(system: System, *names: str) -> bool:
    """Install packages, or bring them to the latest version; True if something changed."""
    form = "${Package} ${Version} ${Status}\n"
    before = system.run("dpkg-query", "-W", "-f", form, *names, check=False)
    # A repository that does not answer fails the whole update: what matters is that the packages
    # are there afterwards. The machine's own update may hold the lock for a while.
    system.until(300, lambda: "Could not get lock" not in system.run(
        "apt-get", "-q", "update", check=False).err)
    system.act("apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=600", "--no-install-recommends",
               "install", *names)
    return before != system.run("dpkg-query", "-W", "-f", form, *names, check=False)


def outdated(system: System, name: str) -> bool:
    shown = system.run("apt-cache", "policy", name).out
    return len(set(re.findall(r"(?:Installed|Candidate): (.*)", shown))) > 1


def language(system: System, wanted: str) -> None:
    text = system.read("/etc/locale.gen")
    if not re.search("(?m)^" + re.escape(wanted), text):
        system.write("/etc/locale.gen", "%s%s UTF-8\n" % (text, wanted))
    system.act("locale-gen")


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
