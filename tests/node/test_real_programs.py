"""The firewall and the DNS server with the programs themselves, where this machine has them."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.node import samples
from tests.node.machine import Machine, node
from tests.node.test_host import DNSMASQ, ZONE, configured, text


def works(*command: str) -> bool:
    """Return whether a program is there and may do what a test needs."""
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not works("unshare", "-n", "nft", "list", "tables"), reason="nft does not work here")
@pytest.mark.parametrize("data", [samples.ubuntu, samples.gateway], ids=["node", "gateway"])
def test_nft_itself_loads_the_rules_and_takes_them_away(machine: Machine, data: Any) -> None:
    """In a network namespace that lives as long as the sleeping program."""
    machine.put("address", data()["address"])
    with subprocess.Popen(["unshare", "-n", "sleep", "60"]) as namespace:
        try:
            while Path(f"/proc/{namespace.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
                time.sleep(0.01)
            machine.program("nft", f'exec nsenter -t {namespace.pid} -n {shutil.which("nft")} "$@"')
            machine.install(data())
            machine.configure()
            tables = ["nsenter", "-t", str(namespace.pid), "-n", "nft", "list", "tables"]
            loaded = ["table inet carbonio", *["table ip carbonio_nat"] * (data is samples.gateway)]
            assert subprocess.check_output(tables, text=True).splitlines() == loaded
            for switch, wanted in (("off", loaded[1:]), ("on", loaded)):
                ended = machine.configure("--firewall", switch)
                assert (ended.code, ended.words) == (0, {"firewall": "changed"}), ended.out
                assert subprocess.check_output(tables, text=True).splitlines() == wanted
                assert machine.configure().words["firewall"] == "unchanged"
            broken = [*data()["files"]["/etc/nftables.conf"][:-1], "nonsense"]
            machine.install(data(files={**data()["files"], "/etc/nftables.conf": broken}))
            assert machine.configure().words["firewall"] == "failed"
            assert subprocess.check_output(tables, text=True).splitlines() == loaded
        finally:
            namespace.terminate()


@pytest.mark.skipif(not works("dnsmasq", "--version"), reason="dnsmasq is not installed")
def test_dnsmasq_itself_takes_the_file_and_no_other(machine: Machine) -> None:
    machine.program("dnsmasq", f'exec {shutil.which("dnsmasq")} "$@"')
    assert configured(machine, node(files=samples.dns_files()))["early dns-server"] == "changed"
    machine.install(node(files={"/" + DNSMASQ: ["listen-address=10.20.240.10", "nonsense=1"]}))
    assert "bad option" in machine.configure().step("dns-server")


@pytest.mark.skipif(
    not works("unshare", "-m", "firewall-offline-cmd", "--check-config"), reason="firewalld does not work here"
)
def test_firewalld_itself_checks_the_zone(machine: Machine) -> None:
    """In a mount namespace where the machine's folder is /etc/firewalld."""
    folder = machine.root / "etc/firewalld"
    shutil.copytree("/etc/firewalld", folder)
    command = f"mount --bind {folder} /etc/firewalld && exec firewall-offline-cmd --check-config"
    machine.program("firewall-offline-cmd", f"exec unshare -m sh -c '{command}'")
    configured(machine, samples.rhel())
    machine.install(samples.rhel(files={"/" + ZONE: ['<zone target="DROP"><nonsense/></zone>']}))
    assert "nonsense" in machine.configure().step("firewall")
    assert machine.get(ZONE) == text(samples.rhel_files()["/" + ZONE])
