"""A thousand nodes: no machine's user-data grows with them, and what does not fit comes with the listed command."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.topologies import topology
from tests.helpers import ROOT, run_cli

BOUND = 12_288
KEY = "W2tEBqNfyJjdGGTTmZKwMHyP3PoyWzsd3ZrZhJm9Bz8="
GATEWAY = {"exposure": "gateway", "vpn": {"peers": {"alice": KEY}}}


def many(cloud: str, nodes: int, **changes: Any) -> dict[str, Any]:
    """Return a topology in which every kind of node is there many times."""
    wanted = {**topology(nodes, cloud), **changes}
    for number in range(100):
        wanted["nodes"].update({f"mta{number + 2}": ["mta"], f"proxy{number + 2}": ["proxy"]})
    return wanted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cloud", "changes", "short"),
    [pytest.param("aws", GATEWAY, 1, id="a gateway"), pytest.param("hetzner", {}, 2, id="two name servers")],
)
def test_no_machine_is_sent_more_than_the_bound(
    cloud: str, changes: dict[str, Any], short: int, tmp_path: Path
) -> None:
    (tmp_path / "topology.yaml").write_text(json.dumps(many(cloud, 800, **changes)))
    ended = run_cli(tmp_path, "--no-init")
    assert ended.code == 0, ended.err
    sent = {path.stem: path.read_bytes() for path in tmp_path.glob("cloud-init/*.yaml")}
    assert len(sent) >= 1000
    assert {name for name, text in sent.items() if len(gzip.compress(text, 9)) > BOUND} == set()
    brief = {name for name, text in sent.items() if b'"brief": true' in text}
    assert len(brief) == short
    for name in brief:
        written = {item["path"]: item["content"] for item in yaml.safe_load(sent[name])["write_files"]}
        data = json.loads(written["/etc/carbonio-node/node.json"])
        whole = json.loads((tmp_path / "nodes" / f"{name}.json").read_text())
        assert set(data["files"]) == set(whole["files"])
        assert len(str(data["files"])) * 5 < len(str(whole["files"]))
        assert "brief" not in whole
        assert f"carbonio-node-configure - < nodes/{name}.json" in ended.out + ended.err


# Where nodes of Red Hat's family answer DNS, with a firewall of their own: the largest that there are.
LARGEST = {
    "hetzner": {"cloud": {"provider": "hetzner", "region": "fsn1", "images": {"rhel-8": "123"}}, "exposure": "direct"},
    "libvirt": {},
}


@pytest.mark.parametrize("cloud", LARGEST)
def test_the_documented_nodes_are_sent_whole(cloud: str, tmp_path: Path) -> None:
    wanted = yaml.safe_load((ROOT / "examples" / "five-nodes-libvirt" / "topology.yaml").read_text("utf-8"))
    wanted["cloud"]["images"] = {"rhel-8": "/var/lib/images/rhel-8.qcow2"}
    (key,) = wanted["ssh_keys"]
    wanted |= {
        "os": "rhel-8",
        "rhel": {"subscription": "activation-key"},
        "ssh_keys": [key, key.replace("D/BBEmEy", "Dc3Qz0vT"), key.replace("Lzd4O/lY", "hT9bKx4P")],
        "time_servers": ["ntp1.example.net", "ntp2.example.org"],
        **LARGEST[cloud],
    }
    if cloud == "hetzner":
        wanted["management"] = ["198.51.100.0/24"]
    (tmp_path / "topology.yaml").write_text(json.dumps(wanted))
    ended = run_cli(tmp_path, "--no-init")
    assert ended.code == 0, ended.err
    sent = {path.stem: path.read_bytes() for path in tmp_path.glob("cloud-init/*.yaml")}
    # Terraform's base64gzip uses level 6.
    assert {name: size for name, text in sent.items() if (size := len(gzip.compress(text, 6))) > BOUND} == {}
    assert [name for name, text in sent.items() if b'"brief": true' in text] == []
