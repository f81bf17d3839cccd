"""The gateway's own steps: forwarding, and WireGuard with a key that never leaves the machine."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.node import samples
from tests.node.machine import SECRET, Machine, node

pytestmark = pytest.mark.slow

CONF, KEY = "etc/wireguard/wg0.conf", "etc/wireguard/wg0.key"
SYSCTL = "etc/sysctl.d/60-carbonio-gateway.conf"
PUBLIC = "public key PublicPublicPublicPublicPublicPublicPublicP="


@pytest.fixture
def fresh(machine: Machine) -> Machine:
    """A machine that is to be the gateway."""
    machine.put("address", samples.GATEWAY_ADDRESS)
    machine.put("etc/os-release", 'VERSION_ID="24.04"\nID=ubuntu\n')
    for name in ("ip_forward", "conf/all/rp_filter", *(f"conf/{name}/send_redirects" for name in ("all", "eth0"))):
        machine.put(f"proc/sys/net/ipv4/{name}", "1\n" if "redirects" in name else "0\n")
    machine.put("proc/sys/net/netfilter/nf_conntrack_max", "65536\n")
    machine.install(samples.gateway())
    return machine


@pytest.fixture
def gateway(fresh: Machine) -> Machine:
    """A configured gateway."""
    ended = fresh.configure()
    assert ended.code == 0, ended.out + ended.err
    fresh.commands()
    return fresh


def mode(machine: Machine, path: str) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE((machine.root / path).stat().st_mode)


def everything(machine: Machine) -> bytes:
    """Return all that is written anywhere but into the key's file."""
    return b"".join(
        content if isinstance(content, bytes) else content.encode()
        for path, content in machine.tree().items()
        if path not in (KEY, "next-key")
    )


def test_the_second_run_changes_nothing(gateway: Machine) -> None:
    before = gateway.tree()
    ended = gateway.configure()
    assert (ended.code, set(ended.words.values())) == (0, {"unchanged"}), ended.out
    assert gateway.tree() == before
    assert {"forwarding", "early firewall", "dns-server", "resolvers", "vpn"} < set(ended.words)


def test_it_forwards_at_once_and_after_every_boot(gateway: Machine) -> None:
    sys_net = "proc/sys/net"
    assert gateway.get(f"{sys_net}/ipv4/ip_forward") == "1\n"
    assert gateway.get(f"{sys_net}/ipv4/conf/eth0/send_redirects") == "0\n"
    assert gateway.get(f"{sys_net}/ipv4/conf/all/rp_filter") == "2\n"
    assert gateway.get(f"{sys_net}/netfilter/nf_conntrack_max") == "262144\n"
    assert (gateway.root / "sys/module/nf_conntrack").is_dir()
    for path, lines in samples.gateway_files().items():
        assert gateway.get(path[1:]) == samples.written(lines)


def test_the_order_is_forwarding_then_firewall_then_all_that_waits(fresh: Machine) -> None:
    fresh.configure()
    commands = fresh.commands()
    places = [
        next(index for index, line in enumerate(commands) if line.startswith(start))
        for start in ("modprobe nf_conntrack", "nft -f ", "apt-get -q update", "systemctl restart wg-quick@wg0")
    ]
    assert places == sorted(places)


def test_an_option_of_a_module_that_is_loaded_already_is_set(fresh: Machine) -> None:
    fresh.put("sys/module/nf_conntrack/parameters/hashsize", "8192\n")
    assert fresh.configure().words["forwarding"] == "changed"
    assert fresh.get("sys/module/nf_conntrack/parameters/hashsize") == "65536\n"
    # The kernel may round it.
    fresh.put("sys/module/nf_conntrack/parameters/hashsize", "65537\n")
    assert fresh.configure().words["forwarding"] == "unchanged"


@pytest.mark.parametrize("path", ["proc/sys/net/ipv4/ip_forward", SYSCTL])
def test_forwarding_that_is_off_is_found_and_mended(gateway: Machine, path: str) -> None:
    gateway.put(path, "0\n")
    assert gateway.check()["forwarding"][0] == "failed"
    assert gateway.configure().words["forwarding"] == "changed"
    assert gateway.check()["forwarding"] == ("ok", "on")


def test_the_key_is_made_here_and_never_shown(fresh: Machine) -> None:
    ended = fresh.configure()
    again, check = fresh.configure(), fresh.run("carbonio-node-check", "--json")
    assert ended.step("vpn") == f"changed   vpn: {PUBLIC}"
    assert again.step("vpn") == f"unchanged vpn: {PUBLIC}"
    assert fresh.get(KEY) == f"{SECRET}\n"
    assert (mode(fresh, KEY), mode(fresh, CONF)) == (0o600, 0o600)
    assert SECRET not in f"{ended}{again}{check}"
    assert SECRET.encode() not in everything(fresh)
    assert SECRET not in "".join(fresh.commands())


def test_the_check_shows_the_public_key(gateway: Machine) -> None:
    assert gateway.check()["vpn"] == ("ok", PUBLIC)


def test_a_peer_more_leaves_the_tunnels_of_the_others_alone(gateway: Machine) -> None:
    gateway.put("next-key", "another" * 7)
    gateway.install(samples.gateway(files=samples.gateway_files((*samples.PEERS, "dave"))))
    ended = gateway.configure()
    assert ended.step("vpn") == f"changed   vpn: {PUBLIC}"
    commands = gateway.commands()
    assert [line for line in commands if "wg0" in line and not line.startswith("systemctl is-")] == [
        "wg-quick strip wg0",
        "wg syncconf wg0 /etc/wireguard/wg0.new",
        "wg show wg0 public-key",
    ]
    # Without the key's line the interface would lose its key.
    assert f"[Interface]\nPrivateKey = {SECRET}\nListenPort" in gateway.get("synced")
    assert gateway.get("synced").count("[Peer]") == 4
    assert gateway.get("synced-mode") == "600\n"
    (gateway.root / "synced").unlink()
    assert gateway.get(KEY) == f"{SECRET}\n"
    assert SECRET.encode() not in everything(gateway)
    assert SECRET not in ended.out + ended.err + "".join(commands)


def test_the_first_peers_name_is_no_reason_to_restart(gateway: Machine) -> None:
    gateway.install(samples.gateway(files=samples.gateway_files(("aaron", *samples.PEERS))))
    gateway.configure()
    assert "systemctl restart wg-quick@wg0" not in gateway.commands()


def test_another_port_restarts_the_interface(gateway: Machine) -> None:
    gateway.install(samples.gateway(files=samples.gateway_files(port=4500)))
    assert gateway.configure().words["vpn"] == "changed"
    commands = gateway.commands()
    assert "systemctl restart wg-quick@wg0" in commands
    assert not [line for line in commands if line.startswith("wg syncconf")]


def test_a_failure_never_shows_the_key(gateway: Machine) -> None:
    gateway.program(
        "wg", 'case "$1" in syncconf) cat "$3" >&2; tail -n 1 "$ROOT/etc/wireguard/wg0.key" >&2; exit 1; esac'
    )
    gateway.install(samples.gateway(files=samples.gateway_files(("alice",))))
    ended = gateway.configure()
    assert ended.words["vpn"] == "failed"
    assert "wg syncconf refuses" in ended.step("vpn")
    assert SECRET not in ended.out + ended.err
    assert SECRET.encode() not in everything(gateway)


def test_a_run_that_was_killed_between_file_and_interface_is_made_up_for(gateway: Machine) -> None:
    gateway.program("wg", 'case "$1" in syncconf) exit 137; esac')
    gateway.install(samples.gateway(files=samples.gateway_files(("alice",))))
    assert gateway.configure().words["vpn"] == "failed"
    gateway.program("wg", f"echo {PUBLIC.split()[-1]}")
    gateway.commands()
    assert gateway.check()["vpn"][0] == "failed"
    assert gateway.configure().words["vpn"] == "changed"
    assert "systemctl restart wg-quick@wg0" in gateway.commands()
    assert gateway.check()["vpn"][0] == "ok"


def test_the_vpn_goes_when_it_is_no_longer_wanted_and_its_key_stays(gateway: Machine) -> None:
    gateway.install(samples.gateway(files=samples.gateway_files(())))
    assert gateway.configure().words["vpn"] == "changed"
    assert "systemctl disable --now wg-quick@wg0" in gateway.commands()
    assert not (gateway.root / CONF).exists()
    assert (mode(gateway, KEY), gateway.get(KEY)) == (0o600, f"{SECRET}\n")
    assert gateway.configure().words["vpn"] == "unchanged"
    assert gateway.check()["vpn"] == ("ok", "none asked for")


def test_a_check_makes_no_key(fresh: Machine) -> None:
    before = fresh.tree()
    found = fresh.check()
    assert found["vpn"][0] == found["forwarding"][0] == "failed"
    assert fresh.tree() == before


def test_a_gateway_is_checked_for_what_a_gateway_needs(gateway: Machine) -> None:
    gateway.records({"gateway.example.com A": [samples.GATEWAY_ADDRESS], "example.com MX": ["10 nowhere.example.com."]})
    for tool in ("jq", "perl", "wget"):
        (gateway.root / "usr/bin" / tool).unlink()
    found = gateway.check()
    assert {key: row for key, row in found.items() if row[0] not in ("ok", "skipped")} == {}
    assert {"cpu", "os", "memory", "fqdn", "dns", "firewall", "forwarding", "vpn", "dns-server"} < set(found)
    assert not {"mx", "txt", "vanilla", "tools", "perl"} & set(found)


def test_a_gateway_in_the_place_of_another_node_is_not_taken(gateway: Machine) -> None:
    ended = gateway.configure("-", data=json.dumps(node()))
    assert (ended.code, "another node" in ended.err) == (2, True)


# The program's socket lies in /run: a namespace of its own keeps it from meeting another's.
INSIDE = """
mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard
LOG_LEVEL=silent wireguard-go -f wg0 >/dev/null 2>&1 &
program=$!
trap 'kill $program' EXIT
for wait in 1 2 3 4 5 6 7 8 9 10; do wg show wg0 >/dev/null 2>&1 && break; sleep 0.2; done
set -e
"""
CHANGE = """
wg setconf wg0 "$1/first"
wg show wg0 public-key
wg syncconf wg0 "$1/second"
wg show wg0 public-key
wg show wg0 peers | sort
"""


def _inside(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script where WireGuard has an interface wg0 of its own."""
    command = ["unshare", "-nm", "sh", "-c", INSIDE + script, "sh", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _wireguard_works() -> bool:
    there = all(map(shutil.which, ("wg", "wg-quick", "wireguard-go", "unshare")))
    return there and _inside("wg show wg0", Path()).returncode == 0


@pytest.mark.skipif(not _wireguard_works(), reason="WireGuard does not work here")
def test_wireguard_itself_keeps_its_key_when_peers_change(tmp_path: Path, gateway: Machine) -> None:
    key = subprocess.check_output(["wg", "genkey"], text=True)
    public = subprocess.check_output(["wg", "pubkey"], input=key, text=True)
    gateway.put(KEY, key)
    gateway.program("wg-quick", f'exec {shutil.which("wg-quick")} strip "$ROOT/{CONF}"')
    names = []
    for name, peers in (("first", ("alice", "bob")), ("second", ("alice", "carol"))):
        gateway.install(samples.gateway(files=samples.gateway_files(peers)))
        gateway.configure()
        (tmp_path / name).write_text(gateway.get("synced"))
        names = re.findall("PublicKey = (.*)", gateway.get("synced"))
    shown = _inside(CHANGE, tmp_path)
    assert shown.stdout.split() == [public.strip(), public.strip(), *sorted(names)], shown.stderr


@pytest.mark.skipif(not shutil.which("wg"), reason="wireguard-tools is not installed")
def test_wg_itself_makes_a_key_that_is_taken(fresh: Machine) -> None:
    fresh.program("wg", f'case "$1" in genkey) exec {shutil.which("wg")} genkey;; esac; echo {PUBLIC.split()[-1]}')
    assert fresh.configure().words["vpn"] == "changed"
    public = subprocess.run(["wg", "pubkey"], input=fresh.get(KEY), capture_output=True, text=True, check=False)
    assert (public.returncode, len(public.stdout)) == (0, 45)
