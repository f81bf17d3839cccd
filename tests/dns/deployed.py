"""Topologies applied for real, with any DNS provider, against simulated clouds."""

from __future__ import annotations

import ipaddress
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import dns.rdatatype
import dns.zone
import yaml

from tests.dns.held import Clouds
from tests.session import Session
from tests.terraform import Program

PROVIDERS = {"aws": "hashicorp/aws", "hetzner": "hetznercloud/hcloud", "route53": "hashicorp/aws"}
APPLY = "apply -auto-approve -input=false -no-color"
NOT_PUBLIC = [
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
]


class Topology(NamedTuple):
    """A topology.

    Attributes:
        cloud: Where its machines stand.
    """

    content: dict[str, Any]

    @property
    def cloud(self) -> str:
        name: str = self.content["cloud"]["provider"]
        return name

    @classmethod
    def read(cls, path: Path, provider: str) -> Topology:
        """Read a topology, and let another DNS provider have its zones."""
        content = yaml.safe_load(path.read_text("utf-8"))
        given = content.get("dns", {})
        content["dns"] = {**(given if isinstance(given, dict) else {}), "provider": provider}
        if provider == "none":
            for word in ("existing_zone", "delegated"):
                content["dns"].pop(word, None)
        return cls(content)

    @property
    def existing(self) -> list[str]:
        """Zones that it takes for there."""
        there = [self.content["domain"]] if self.content["dns"].get("existing_zone") else []
        return there + [name for name, said in self.content.get("domains", {}).items() if said.get("existing_zone")]

    def session(self, folder: Path, program: Program, clouds: Clouds) -> Session:
        """Return an operator's shell in a folder with the topology."""
        for needed in {self.cloud, self.content["dns"]["provider"]} & PROVIDERS.keys():
            program.need(PROVIDERS[needed])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.write(folder)
        return Session(folder, program, clouds)

    def write(self, folder: Path) -> None:
        """Write it into an operator's folder."""
        text = yaml.safe_dump(self.content, allow_unicode=True, sort_keys=False)
        (folder / "topology.yaml").write_text(text, "utf-8")


def addresses(zones: dict[str, str]) -> set[str]:
    """Return the addresses of all A records of zone files, and those that stand in SPF records."""
    found = set()
    for zone, text in zones.items():
        read = dns.zone.from_text(text, f"{zone}.", relativize=False, check_origin=False)
        found |= {record.to_text() for _, _, record in read.iterate_rdatas("A")}
        for _, _, record in read.iterate_rdatas("TXT"):
            words = record.to_text().strip('"').split()
            found |= {word[4:].partition("/")[0] for word in words if word.startswith("ip4:")}
    return found


def private(found: set[str]) -> set[str]:
    """Return the addresses that nobody on the Internet reaches."""
    return {one for one in found if any(ipaddress.ip_address(one) in network for network in NOT_PUBLIC)}
