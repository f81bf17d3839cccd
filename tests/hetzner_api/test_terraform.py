"""The real provider against the simulator: apply, nothing left to do, change, destroy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hetzner_api.conftest import Api, Start
from tests.terraform import Program

pytestmark = pytest.mark.terraform

DKIM = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQ" * 17
SPREAD = ("firewalls", "networks", "placement_groups", "primary_ips", "servers", "ssh_keys", "volumes", "zones")
HEAD = """
terraform {
  required_providers { hcloud = { source = "hetznercloud/hcloud", version = "1.68.0" } }
}
provider "hcloud" {}
variable "changed" {
  type    = bool
  default = false
}
"""
MAIN = """
resource "hcloud_network" "main" {
  name     = "mail"
  ip_range = "10.20.0.0/16"
}
resource "hcloud_network_subnet" "nodes" {
  network_id   = hcloud_network.main.id
  type         = "cloud"
  network_zone = "eu-central"
  ip_range     = "10.20.0.0/17"
}
resource "hcloud_network_route" "out" {
  network_id  = hcloud_network.main.id
  destination = "0.0.0.0/0"
  gateway     = "10.20.0.10"
  depends_on  = [hcloud_network_subnet.nodes]
}
resource "hcloud_ssh_key" "operator" {
  name       = "operator"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"
}
resource "hcloud_firewall" "mta" {
  name = "mta"
  rule {
    direction   = "in"
    protocol    = "tcp"
    port        = "25"
    source_ips  = ["0.0.0.0/0", "::/0"]
    description = "mail"
  }
  rule {
    direction       = "out"
    protocol        = "tcp"
    port            = "1-65535"
    destination_ips = ["0.0.0.0/0"]
  }
  dynamic "rule" {
    for_each = var.changed ? ["143"] : []
    content {
      direction  = "in"
      protocol   = "tcp"
      port       = rule.value
      source_ips = ["198.51.100.0/24"]
    }
  }
}
resource "hcloud_placement_group" "spread" {
  name = "mail"
  type = "spread"
}
resource "hcloud_primary_ip" "mta" {
  name        = "mta"
  type        = "ipv4"
  location    = "nbg1"
  auto_delete = false
}
resource "hcloud_server" "mta" {
  name               = "mta1.example.com"
  server_type        = "cx23"
  image              = "ubuntu-24.04"
  location           = "nbg1"
  ssh_keys           = [hcloud_ssh_key.operator.id]
  firewall_ids       = [hcloud_firewall.mta.id]
  placement_group_id = hcloud_placement_group.spread.id
  user_data          = "#cloud-config"
  labels             = { role = var.changed ? "mta-proxy" : "mta" }
  public_net {
    ipv4         = hcloud_primary_ip.mta.id
    ipv6_enabled = false
  }
  network {
    subnet_id = hcloud_network_subnet.nodes.id
    ip        = "10.20.0.10"
    alias_ips = []
  }
}
data "hcloud_image" "own" {
  with_selector     = "os=ubuntu-20.04"
  with_architecture = "x86"
  most_recent       = true
}
resource "hcloud_server" "store" {
  name               = "store1.example.com"
  server_type        = "cx33"
  image              = data.hcloud_image.own.id
  location           = "nbg1"
  ssh_keys           = [hcloud_ssh_key.operator.id]
  placement_group_id = hcloud_placement_group.spread.id
  public_net {
    ipv4_enabled = false
    ipv6_enabled = false
  }
  network {
    subnet_id = hcloud_network_subnet.nodes.id
    ip        = "10.20.0.20"
    alias_ips = []
  }
}
resource "hcloud_volume" "store" {
  name     = "store1"
  size     = var.changed ? 30 : 20
  location = "nbg1"
}
resource "hcloud_volume_attachment" "store" {
  volume_id = hcloud_volume.store.id
  server_id = hcloud_server.store.id
  automount = false
}
resource "hcloud_rdns" "mta" {
  primary_ip_id = hcloud_primary_ip.mta.id
  ip_address    = hcloud_primary_ip.mta.ip_address
  dns_ptr       = "mta1.example.com"
}
resource "hcloud_zone" "main" {
  name = "example.com"
  mode = "primary"
}
locals {
  sets = {
    "mta1/A"                = [hcloud_primary_ip.mta.ip_address]
    "@/MX"                  = [var.changed ? "20 mta1.example.com." : "10 mta1.example.com."]
    "@/TXT"                 = [for text in ["v=spf1 mx -all", "owner=example"] : provider::hcloud::txt_record(text)]
    "mail._domainkey/TXT"   = [provider::hcloud::txt_record("<DKIM>")]
  }
}
resource "hcloud_zone_rrset" "all" {
  for_each = local.sets
  zone     = hcloud_zone.main.name
  name     = split("/", each.key)[0]
  type     = split("/", each.key)[1]
  ttl      = 300
  records  = [for value in each.value : { value = value }]
}
output "device" { value = hcloud_volume.store.linux_device }
""".replace("<DKIM>", DKIM)


def left(api: Api) -> dict[str, list[str]]:
    """Return the names of what is there, by family."""
    found = {family: api.ok("GET", f"/{family}")[family] for family in SPREAD}
    return {family: [record["name"] for record in records] for family, records in found.items() if records}


def apply(program: Program, api: Api, folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    ended = program.run(
        folder,
        "apply",
        "-auto-approve",
        "-input=false",
        "-no-color",
        *words,
        environment=api.environment(),
        codes=codes,
    )
    return ended.stdout + ended.stderr


@pytest.mark.slow
def test_apply_again_change_and_destroy(program: Program, start: Start, tmp_path: Path) -> None:
    program.need("hetznercloud/hcloud")
    api = start(snapshots=["4711,os=ubuntu-20.04"], action_seconds=0.1)
    (tmp_path / "main.tf").write_text(HEAD + MAIN, "utf-8")
    program.init(tmp_path)
    plan = ("plan", "-detailed-exitcode", "-input=false", "-no-color")

    apply(program, api, tmp_path)
    program.run(tmp_path, *plan, environment=api.environment(), codes=(0,))
    servers = {server["name"]: server for server in api.ok("GET", "/servers")["servers"]}
    mta, store = servers["mta1.example.com"], servers["store1.example.com"]
    assert [server["status"] for server in (mta, store)] == ["running", "running"]
    assert mta["public_net"]["ipv4"]["dns_ptr"] == "mta1.example.com"
    assert mta["public_net"]["ipv6"] is None
    assert [wall["status"] for wall in mta["public_net"]["firewalls"]] == ["applied"]
    assert (store["public_net"]["ipv4"], store["private_net"][0]["ip"]) == (None, "10.20.0.20")
    assert store["image"]["id"] == 4711
    number = store["volumes"][0]
    device = program.run(tmp_path, "output", "-raw", "device").stdout
    assert device == f"/dev/disk/by-id/scsi-0HC_Volume_{number}"
    dkim = api.ok("GET", "/zones/example.com/rrsets/mail._domainkey/TXT")["rrset"]["records"][0]["value"]
    assert len(DKIM) > 255
    assert dkim == f'"{DKIM[:255]}" "{DKIM[255:]}"'

    changed = apply(program, api, tmp_path, "-var=changed=true")
    assert "0 added, 4 changed, 0 destroyed" in changed
    program.run(tmp_path, *plan, "-var=changed=true", environment=api.environment(), codes=(0,))
    assert api.ok("GET", f"/volumes/{number}")["volume"]["size"] == 30
    assert len(api.ok("GET", "/firewalls")["firewalls"][0]["rules"]) == 3
    assert api.ok("GET", "/servers?label_selector=role%3Dmta-proxy")["servers"][0]["id"] == mta["id"]

    apply(program, api, tmp_path, "-destroy")
    assert left(api) == {}


NETWORK = """
resource "hcloud_network" "main" {
  name     = "mail"
  ip_range = "10.20.0.0/16"
}
"""
SERVER = """
resource "hcloud_server" "mta" {
  name        = "mta1"
  server_type = "cx23"
  image       = "ubuntu-24.04"
  location    = "nbg1"
}
"""


def test_the_provider_outlasts_a_rate_limit(terraform: Program, start: Start, tmp_path: Path) -> None:
    terraform.need("hetznercloud/hcloud")
    api = start(faults=["429*1"])
    (tmp_path / "main.tf").write_text(HEAD + NETWORK, "utf-8")
    terraform.init(tmp_path)
    apply(terraform, api, tmp_path)
    assert [status for method, _, status in api.requests if method == "POST"] == [429, 201]


def test_a_lack_of_machines_is_told_and_the_next_apply_completes(
    terraform: Program, start: Start, tmp_path: Path
) -> None:
    terraform.need("hetznercloud/hcloud")
    api = start(faults=["resource_unavailable:mta1*1"])
    (tmp_path / "main.tf").write_text(HEAD + NETWORK + SERVER, "utf-8")
    terraform.init(tmp_path)
    said = apply(terraform, api, tmp_path, codes=(1,))
    assert "error during placement (resource_unavailable" in said
    assert left(api) == {"networks": ["mail"]}
    apply(terraform, api, tmp_path)
    assert left(api)["servers"] == ["mta1"]


def test_an_action_that_fails_reaches_the_operator(terraform: Program, start: Start, tmp_path: Path) -> None:
    terraform.need("hetznercloud/hcloud")
    api = start(faults=["action_failed:start_server*1"])
    (tmp_path / "main.tf").write_text(HEAD + SERVER, "utf-8")
    terraform.init(tmp_path)
    said = apply(terraform, api, tmp_path, codes=(1,))
    assert "Action failed" in said
    state = json.loads((tmp_path / "terraform.tfstate").read_text("utf-8"))
    assert [entry["instances"][0]["status"] for entry in state["resources"]] == ["tainted"]
