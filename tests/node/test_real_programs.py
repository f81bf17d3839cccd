"""The firewall and the DNS server with the programs themselves, where this machine has them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.node import samples
from tests.node.machine import Machine, node
from tests.node.test_host import DNSMASQ, ZONE, configured, text

pytestmark = pytest.mark.slow


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


IPV6_OFF = """
ip link set lo up
for each in all default lo; do echo 1 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done
test -z "$(ip -6 addr)"
"""
ANSWERS = """
dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --listen-address=127.0.0.1 --bind-interfaces --pid-file= \\
    --host-record=store1.example.com,10.20.0.12 --mx-host=example.com,mail.example.com,10 \\
    --host-record=mail.example.com,10.20.128.10 --cname=www.example.com,mail.example.com --no-daemon \\
    --txt-record=example.com,"v=spf1 ip4:192.0.2.1"," -all" --local=/example.com/ 2>/dev/null &
trap "kill $!" EXIT
for wait in 1 2 3 4 5 6 7 8 9 10; do dig +short +tries=1 +time=1 @127.0.0.1 mail.example.com | grep -q . && break; done
"""
ASK = """
import sys
names = {"__name__": "program"}
exec(open(sys.argv[1]).read(), names)
class Folder(names["System"]):
    root = sys.argv[2]
system = Folder(True)
for question in ("store1. A", "www. A", "MX", "TXT", "none. A"):
    name, kind = (question.replace(". ", ".example.com ") if " " in question else "example.com " + question).split()
    print(names["ask"](system, name, kind))
"""


@pytest.mark.skipif(
    not (works("dig", "-v") and works("dnsmasq", "--version") and works("unshare", "-n", "true")),
    reason="dig, dnsmasq or network namespaces are not there",
)
def test_dig_itself_asks_a_name_server_and_not_the_hosts_file(machine: Machine, tmp_path: Path) -> None:
    """In a network namespace where dnsmasq is all that answers."""
    machine.install(node())
    machine.put("etc/resolv.conf", "nameserver 127.0.0.1\n")
    (tmp_path / "ask.py").write_text(ASK)
    program = machine.programs / "carbonio-node-configure"
    script = f"ip link set lo up; {ANSWERS} {machine.python} {tmp_path}/ask.py {program} {machine.root}"
    ended = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines() == [
        "['10.20.0.12']", "['10.20.128.10']", "['mail.example.com']", "['v=spf1 ip4:192.0.2.1 -all']", "[]",
    ], ended.stderr  # fmt: skip


BINDS = """
import socket
with socket.socket(socket.AF_INET6) as server, socket.socket() as client:
    server.bind(("::", 8025))
    server.listen()
    client.connect(("127.0.0.1", 8025))
    print(server.accept()[1][0])
"""


@pytest.mark.skipif(
    not works("unshare", "-n", "sh", "-c", IPV6_OFF), reason="IPv6 cannot be switched off in a namespace here"
)
def test_services_that_bind_to_both_families_work_without_ipv6_addresses(tmp_path: Path) -> None:
    """What the step ipv6 sets, on a kernel: no address of IPv6 is left, and :: still takes connections by IPv4."""
    (tmp_path / "binds.py").write_text(BINDS)
    script = f"set -e; {IPV6_OFF} exec {sys.executable} {tmp_path}/binds.py"
    ended = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert ended.stdout == "::ffff:127.0.0.1\n", ended.stderr
