"""The network configuration of machines on a hypervisor: judged by hand, and rendered by the programs that read it."""

from __future__ import annotations

import configparser
import contextlib
import copy
import ipaddress
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import EXAMPLES, build_tree, run_cli
from tests.oracle.groups import OracleError
from tests.oracle.network_config import Interface, findings, interfaces
from tests.oracle.variants import PLACEMENTS, PUBLIC, Variant, on
from tests.strategies import BASE, dump

Json = dict[str, Any]
ON_LIBVIRT = [variant for cloud, variant in PLACEMENTS if cloud == "libvirt" and variant.vpn != "only"]
OF_LIBVIRT = [path for path in EXAMPLES if path.name.endswith("-libvirt")]
# Where the distribution's own Python has cloud-init's modules.
PYTHON = "/usr/bin/python3"
RENDER = """
import json, pathlib, sys, tempfile
from cloudinit import safeyaml
from cloudinit.distros import rhel
from cloudinit.net import netplan, network_manager, network_state, sysconfig
kind, text = sys.argv[1], sys.stdin.read()
renderer = {
    "netplan": lambda: netplan.Renderer({"netplan_path": "etc/netplan/50-cloud-init.yaml", "postcmds": False}),
    "sysconfig": lambda: sysconfig.Renderer(rhel.Distro.renderer_configs["sysconfig"]),
    "network-manager": network_manager.Renderer,
}[kind]()
with tempfile.TemporaryDirectory() as root:
    renderer.render_network_state(
        network_state.parse_net_config_data(safeyaml.load(text), renderer=renderer), target=root
    )
    files = [path for path in pathlib.Path(root).rglob("*") if path.is_file()]
    print(json.dumps({path.relative_to(root).as_posix(): path.read_text() for path in files}))
"""


def generated(folder: Path, content: Json) -> tuple[Json, dict[str, str]]:
    """Generate, and return Terraform's values and the configurations by machine."""
    build_tree(folder, {"topology.yaml": dump(content)})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    values: Json = json.loads((folder / "terraform.tfvars.json").read_text("utf-8"))
    texts = {path.stem: path.read_text("utf-8") for path in sorted((folder / "network-config").iterdir())}
    return values, texts


def content_of(example: Path) -> Json:
    content: Json = yaml.safe_load((example / "topology.yaml").read_text("utf-8"))
    return content


def all_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every kind of configuration there is: one interface or two, fixed addresses or DHCP."""
    for variant in ON_LIBVIRT:
        _, texts = generated(folder / str(variant), on("libvirt", BASE, variant))
        for name in texts.keys() & {"mta1", "infra1", "gateway"}:
            yield f"{variant} {name}", texts[name]


@pytest.mark.parametrize("example", OF_LIBVIRT, ids=lambda path: path.name)
def test_an_example_has_the_interfaces_that_it_needs(example: Path, tmp_path: Path) -> None:
    content = content_of(example)
    assert not list(findings(content, *generated(tmp_path, content)))


@pytest.mark.many(7)
@pytest.mark.parametrize("variant", ON_LIBVIRT, ids=str)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_the_interfaces_that_it_needs_elsewhere(example: Path, variant: Variant, tmp_path: Path) -> None:
    content = on("libvirt", content_of(example), variant)
    values, texts = generated(tmp_path, content)
    if "scenario" in content:
        content["nodes"] = {name: node["roles"] for name, node in values["nodes"].items() if name != "gateway"}
    assert not list(findings(content, values, texts))


CHANGES: dict[str, tuple[str, Json]] = {
    "name servers of the operator's own": ("external", {"dns": {"provider": "none", "forwarders": ["10.0.0.53"]}}),
    "another network": ("external", {"network": {"cidr": "172.20.0.0/20", "router": "172.20.15.254"}}),
    "a router of the uplink": ("gateway", {"uplink": {"bridge": "b", "cidr": PUBLIC, "router": "192.0.2.254"}}),
    "a public address elsewhere": ("gateway", {"uplink": {"bridge": "b", "cidr": "203.0.113.0/28"}}),
    "addresses elsewhere": ("direct", {"uplink": {"network": "default", "cidr": "203.0.113.0/28"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_the_operator_says_of_the_network_counts(name: str, tmp_path: Path) -> None:
    exposure, changes = CHANGES[name]
    content = on("libvirt", BASE, Variant(exposure, "no"))
    if "uplink" in changes:
        content["cloud"] |= changes
    else:
        content |= changes
    assert not list(findings(content, *generated(tmp_path, content)))


def _other_mac(text: str) -> str:
    return text.replace('"02:', '"06:')


FORGED: dict[str, Callable[[str], str]] = {
    "another address": lambda text: text.replace("10.20.", "10.21."),
    "another network": lambda text: text.replace("/16", "/17"),
    "another card": _other_mac,
    "IPv6": lambda text: text.replace("accept-ra: false", "accept-ra: true"),
    "an address of the link": lambda text: text.replace("link-local: []", "link-local: [ipv6]"),
    "an IPv6 address": lambda text: text.replace('addresses: ["10', 'addresses: ["2001:db8::1/64", "10'),
    "IPv6 by DHCP": lambda text: text + "    dhcp6: true\n",
    "a second address": lambda text: text.replace('/16"]', '/16", "10.20.9.9/16"]'),
    "a default route inside": lambda text: text.replace(
        '/16"]', '/16"]\n    routes: [{to: 0.0.0.0/0, via: 10.20.0.9}]'
    ),
    "no name servers": lambda text: text[: text.index("    nameservers")],
    "another name": lambda text: text.replace("set-name: inside", "set-name: eth0"),
    "any card": lambda text: text.replace("match: {macaddress: ", "match: {driver: virtio, macaddress: "),
    "another interface": lambda text: (
        text + '  more:\n    match: {macaddress: "02:00:00:00:00:01"}\n'
        "    set-name: more\n    link-local: []\n    accept-ra: false\n    dhcp4: true\n"
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_the_judge_notices_a_forged_configuration(name: str, tmp_path: Path) -> None:
    content = content_of(OF_LIBVIRT[0])
    values, texts = generated(tmp_path, content)
    forged = {**texts, "mta1": FORGED[name](texts["mta1"])}
    assert forged != texts
    with contextlib.suppress(OracleError):
        assert list(findings(content, values, forged))


def test_the_judge_notices_cards_that_are_alike(tmp_path: Path) -> None:
    content = content_of(OF_LIBVIRT[0])
    values, texts = generated(tmp_path, content)
    values = copy.deepcopy(values)
    one, other = (values["nodes"][name]["mac"] for name in ("mta1", "store1"))
    values["nodes"]["store1"]["mac"] = one
    assert "2 interfaces have" in "".join(
        findings(content, values, texts | {"store1": texts["store1"].replace(other, one)})
    )


def ini(text: str) -> dict[str, dict[str, list[str]]]:
    """Read a file of systemd or NetworkManager, where a key may come again."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found.setdefault(section, {})
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[section].setdefault(key, []).append(value)
    return found


def networkd_of(entry: Interface) -> dict[str, dict[str, list[str]]]:
    """Return what systemd-networkd has to be told of an interface, but how it is found."""
    wanted: dict[str, dict[str, list[str]]] = {
        "Network": {"LinkLocalAddressing": ["no"], "IPv6AcceptRA": ["no"]},
    }
    if entry.address:
        wanted["Network"]["Address"] = [entry.address]
    else:
        wanted["Network"]["DHCP"] = ["ipv4"]
    if entry.name_servers:
        wanted["Network"]["DNS"] = list(entry.name_servers)
    if entry.router:
        wanted["Route"] = {"Destination": ["0.0.0.0/0"], "Gateway": [entry.router]}
    return wanted


def check_networkd(folder: Path, text: str) -> None:
    """Let netplan render a configuration, and compare what systemd-networkd would read."""
    ended = subprocess.run(
        ["netplan", "generate", "--root-dir", str(folder)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "rror" not in ended.stderr, ended.stderr
    found = folder / "run" / "systemd" / "network"
    entries = interfaces(text)
    assert {path.name for path in found.iterdir()} == {
        f"10-netplan-{name}.{kind}" for name in entries for kind in ("link", "network")
    }
    for name, entry in entries.items():
        network = ini((found / f"10-netplan-{name}.network").read_text("utf-8"))
        link = ini((found / f"10-netplan-{name}.link").read_text("utf-8"))
        for match in (network.pop("Match"), link["Match"]):
            assert [entry.mac] in match.values()
        assert link["Link"]["Name"] == [name]
        network.pop("DHCP", None)
        assert network == networkd_of(entry)


@pytest.mark.slow
def test_netplan_makes_of_it_what_is_meant(tmp_path: Path) -> None:
    """As Ubuntu reads it: cloud-init hands the second version to netplan as it is."""
    if shutil.which("netplan") is None:
        pytest.skip("no netplan (Debian: netplan.io)")
    for number, (_, text) in enumerate(all_texts(tmp_path / "generated")):
        folder = tmp_path / str(number)
        build_tree(folder, {"etc/netplan/50-cloud-init.yaml": json.dumps({"network": yaml.safe_load(text)})})
        (folder / "etc/netplan/50-cloud-init.yaml").chmod(0o600)
        check_networkd(folder, text)


def rendered(kind: str, text: str) -> dict[str, str]:
    """Let cloud-init itself render a configuration, and return the files."""
    probe = [PYTHON, "-c", "import cloudinit.net"]
    if not Path(PYTHON).exists() or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"no cloud-init for {PYTHON}: its renderers were not tried")
    ended = subprocess.run([PYTHON, "-c", RENDER, kind], input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    files: dict[str, str] = json.loads(ended.stdout)
    return files


@pytest.mark.slow
def test_cloud_init_hands_it_to_netplan(tmp_path: Path) -> None:
    if shutil.which("netplan") is None:
        pytest.skip("no netplan (Debian: netplan.io)")
    for number, (_, text) in enumerate(all_texts(tmp_path / "generated")):
        folder = build_tree(tmp_path / str(number), rendered("netplan", text))
        check_networkd(folder, text)


@pytest.mark.slow
def test_cloud_init_writes_the_scripts_of_rhel_8(tmp_path: Path) -> None:
    for case, text in all_texts(tmp_path):
        files = rendered("sysconfig", text)
        scripts = {
            path.rpartition("/ifcfg-")[2]: dict(line.split("=", 1) for line in content.splitlines() if "=" in line)
            for path, content in files.items()
            if "/ifcfg-" in path
        }
        entries = interfaces(text)
        assert set(scripts) == set(entries), case
        for name, entry in entries.items():
            script = scripts[name]
            assert script["HWADDR"] == entry.mac, case
            assert script["DEVICE"] == name, case
            assert script.get("GATEWAY", "") == entry.router, case
            assert "IPV6ADDR" not in script, case
            assert script.get("IPV6INIT", "no") == "no", case
            assert [script[key] for key in sorted(script) if key.startswith("DNS")] == list(entry.name_servers), case
            if entry.address:
                own = ipaddress.IPv4Interface(entry.address)
                assert (script["IPADDR"], script["NETMASK"]) == (str(own.ip), str(own.netmask)), case
                assert script["BOOTPROTO"] == "none", case
            else:
                assert script["BOOTPROTO"] == "dhcp", case


@pytest.mark.slow
def test_cloud_init_writes_the_connections_of_rhel_9(tmp_path: Path) -> None:
    for case, text in all_texts(tmp_path):
        files = rendered("network-manager", text)
        entries = interfaces(text)
        assert {path.rpartition("/")[2] for path in files} >= {f"cloud-init-{name}.nmconnection" for name in entries}
        for name, entry in entries.items():
            parser = configparser.ConfigParser()
            (content,) = (one for path, one in files.items() if path.endswith(f"cloud-init-{name}.nmconnection"))
            parser.read_string(content)
            assert parser["ethernet"]["mac-address"].lower() == entry.mac, case
            ipv4 = parser["ipv4"]
            assert ipv4["method"] == ("manual" if entry.address else "auto"), case
            assert ipv4.get("address1", "") == entry.address, case
            assert ipv4.get("route1", "") == (f"0.0.0.0/0,{entry.router}" if entry.router else ""), case
            assert ipv4.get("dns", "").split(";")[:-1] == list(entry.name_servers), case
            assert parser.get("ipv6", "method", fallback="disabled") in {"disabled", "ignore"}, case
