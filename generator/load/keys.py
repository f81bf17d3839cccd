"""Files that a topology names: DKIM keys, as the tool that made them printed them."""

from pathlib import Path

import msgspec

from generator.problems import Finding
from generator.problems import Path as Place
from generator.topology import Dkim, Topology

_MOST = 20_000
"""Bytes that such a file may have: a key of 4096 bits takes less than 1,000."""


def read_keys(topology: Topology, folder: Path) -> tuple[Topology, list[Finding]]:
    """Return the topology with the content of key files in place, and what is wrong with the files.

    Args:
        topology: As it was read.
        folder: Where it lies.
    """
    findings: list[Finding] = []

    def read(dkim: Dkim, place: Place) -> Dkim:
        if not dkim.file:
            return dkim
        if dkim.key:
            mend = "Keep one of them."
            findings.append(Finding("key-twice", (*place, "file"), "the key stands in key and in a file", mend))
            return dkim
        try:
            with (folder / dkim.file).open("rb") as file:
                text = file.read(_MOST + 1).decode()
        except (OSError, UnicodeDecodeError) as why:
            reason = why.strerror if isinstance(why, OSError) else "not text"
            mend = "It is looked for beside the topology. Before Carbonio has made the key, leave dkim out."
            findings.append(Finding("unreadable-file", (*place, "file"), f"{dkim.file} cannot be read: {reason}", mend))
            return dkim
        if not text.strip():
            mend = "zmdkimkeyutil printed nothing into it, so it failed: run it again, and look at what it says."
            findings.append(Finding("empty-file", (*place, "file"), f"{dkim.file} is empty", mend))
            return dkim
        return msgspec.structs.replace(dkim, key=text[:_MOST])

    dns = msgspec.structs.replace(topology.dns, dkim=read(topology.dns.dkim, ("dns", "dkim")))
    domains = {
        name: msgspec.structs.replace(said, dkim=read(said.dkim, ("domains", name, "dkim")))
        for name, said in topology.domains.items()
    }
    return msgspec.structs.replace(topology, dns=dns, domains=domains), findings
