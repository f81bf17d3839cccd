"""A flat configuration with the same resources as a generated folder, as one would write it by hand.

One file, no modules, no `for_each`, no variables: every resource is a block with its values in it.
It is what the generated Terraform is measured against.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HEADER = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "%s"

  default_tags {
    tags = {
      deployment = "%s"
      managed-by = "terraform"
    }
  }
}
"""


class Ref(str):
    """An expression of HCL, written as it is."""

    __slots__ = ()


class Block(dict[str, Any]):
    """Arguments of a nested block; a plain mapping is an argument whose value is a map."""


def write(values: Mapping[str, Any], folder: Path) -> None:
    """Write the flat equivalent of a generated folder.

    Args:
        values: The content of its `terraform.tfvars.json`.
        folder: Where `main.tf` goes; cloud-init files are read from `cloud-init/` there.
    """
    blocks = [HEADER % (values["region"], values["name"])]
    for part in (_network, _firewall, _nodes, _volumes, _names):
        for kind, label, arguments in part(values):
            keyword, _, type_ = kind.rpartition(" ")
            body = "\n".join(_lines(arguments, "  "))
            blocks.append(f'{keyword or "resource"} "{type_}" "{label}" {{\n{body}\n}}\n')
    (folder / "main.tf").write_text("\n".join(blocks), encoding="utf-8")


Resource = tuple[str, str, dict[str, Any]]


def _network(values: Mapping[str, Any]) -> Iterator[Resource]:
    name, network = values["name"], values["network"]
    vpc = Ref("aws_vpc.main.id")
    gateway = Ref("aws_internet_gateway.main.id")
    yield (
        "aws_vpc",
        "main",
        {"cidr_block": network["cidr"], "enable_dns_hostnames": True, "tags": {"Name": name}},
    )
    yield "aws_default_security_group", "main", {"vpc_id": vpc, "tags": {"Name": name}}
    yield "aws_internet_gateway", "main", {"vpc_id": vpc, "tags": {"Name": name}}
    kinds = sorted({_kind(subnet) for subnet in network["subnets"].values()})
    for kind in kinds:
        yield "aws_route_table", kind, {"vpc_id": vpc, "tags": {"Name": f"{name}-{kind}"}}
    for key, subnet in network["subnets"].items():
        label = _label(key)
        yield (
            "aws_subnet",
            label,
            {
                "vpc_id": vpc,
                "cidr_block": subnet["cidr"],
                "availability_zone": subnet["zone"],
                "tags": {"Name": f"{name}-{key}"},
            },
        )
        table = Ref(f"aws_route_table.{_kind(subnet)}.id")
        yield (
            "aws_route_table_association",
            label,
            {"subnet_id": Ref(f"aws_subnet.{label}.id"), "route_table_id": table},
        )
    ways = {"public": {"gateway_id": gateway}}
    if network["nat_subnet"] is not None:
        subnet_id = Ref(f"aws_subnet.{_label(network['nat_subnet'])}.id")
        yield "aws_eip", "nat", {"domain": "vpc", "tags": {"Name": f"{name}-nat"}}
        yield (
            "aws_nat_gateway",
            "main",
            {"allocation_id": Ref("aws_eip.nat.id"), "subnet_id": subnet_id},
        )
        ways["private"] = {"nat_gateway_id": Ref("aws_nat_gateway.main.id")}
    for kind in set(kinds) & ways.keys():
        table = Ref(f"aws_route_table.{kind}.id")
        yield (
            "aws_route",
            kind,
            {"route_table_id": table, "destination_cidr_block": "0.0.0.0/0", **ways[kind]},
        )


def _firewall(values: Mapping[str, Any]) -> Iterator[Resource]:
    firewall = values["firewall"]
    for key, group in firewall["groups"].items():
        yield (
            "aws_security_group",
            _label(key),
            {
                "vpc_id": Ref("aws_vpc.main.id"),
                "name": f"{values['name']}-{key}",
                "tags": {"Name": key, "description": group["description"]},
            },
        )
    for key, rule in firewall["rules"].items():
        direction = "ingress" if rule["direction"] == "in" else "egress"
        arguments = {
            "security_group_id": Ref(f"aws_security_group.{_label(rule['group'])}.id"),
            "cidr_ipv4": rule["peer_cidr"],
            "ip_protocol": rule["protocol"],
            "from_port": rule["from_port"],
            "to_port": rule["to_port"],
            "description": rule["description"],
            "tags": {"Name": key},
        }
        if rule["peer_group"] is not None:
            peer = Ref(f"aws_security_group.{_label(rule['peer_group'])}.id")
            arguments["referenced_security_group_id"] = peer
        yield f"aws_vpc_security_group_{direction}_rule", _label(key), arguments


def _nodes(values: Mapping[str, Any]) -> Iterator[Resource]:
    name = values["name"]
    yield "aws_key_pair", "main", {"key_name": name, "public_key": values["ssh"]["public_key"]}
    for key, image in values["images"].items():
        filters = {
            "name": image["name"],
            "architecture": "x86_64",
            "virtualization-type": "hvm",
            "root-device-type": "ebs",
        }
        yield (
            "data aws_ami",
            _label(key),
            {
                "most_recent": True,
                "owners": [image["owner"]],
                "include_deprecated": image["include_deprecated"],
                "filter": [Block(name=word, values=[text]) for word, text in filters.items()],
            },
        )
    for node_name, node in values["nodes"].items():
        yield "aws_instance", _label(node_name), _instance(name, node_name, node)
        if node["public"]:
            label = _label(node_name)
            yield "aws_eip", label, {"domain": "vpc", "tags": {"Name": node["fqdn"]}}
            yield (
                "aws_eip_association",
                label,
                {
                    "allocation_id": Ref(f"aws_eip.{label}.id"),
                    "instance_id": Ref(f"aws_instance.{label}.id"),
                },
            )


def _volumes(values: Mapping[str, Any]) -> Iterator[Resource]:
    for key, volume in values["volumes"].items():
        node = values["nodes"][volume["node"]]
        yield (
            "aws_ebs_volume",
            _label(key),
            {
                "availability_zone": values["network"]["subnets"][node["subnet"]]["zone"],
                "encrypted": True,
                "final_snapshot": volume["final_snapshot"],
                "size": volume["size_gib"],
                "type": "gp3",
                "tags": {"Name": f"{values['name']}-{key}"},
            },
        )
        yield (
            "aws_volume_attachment",
            _label(key),
            {
                "device_name": volume["device"],
                "instance_id": Ref(f"aws_instance.{_label(volume['node'])}.id"),
                "volume_id": Ref(f"aws_ebs_volume.{_label(key)}.id"),
                "stop_instance_before_detaching": True,
            },
        )


def _instance(deployment: str, name: str, node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ami": Ref(f"data.aws_ami.{_label(node['image'])}.id"),
        "instance_type": node["type"],
        "key_name": Ref("aws_key_pair.main.key_name"),
        "subnet_id": Ref(f"aws_subnet.{_label(node['subnet'])}.id"),
        "private_ip": node["private_address"],
        "vpc_security_group_ids": [Ref(f"aws_security_group.{_label(group)}.id") for group in node["groups"]],
        "ebs_optimized": True,
        "user_data_base64": Ref(f'base64gzip(file("${{path.module}}/{node["user_data"]}"))'),
        "metadata_options": [Block(http_endpoint="enabled", http_put_response_hop_limit=1, http_tokens="required")],
        "root_block_device": [
            Block(
                delete_on_termination=True,
                encrypted=True,
                volume_size=node["os_disk_gib"],
                volume_type="gp3",
                tags={"Name": f"{deployment}-{name}-os"},
            )
        ],
        "tags": {"Name": node["fqdn"]},
        "lifecycle": [Block(ignore_changes=Ref("[ami, user_data_base64]"))],
    }


def _names(values: Mapping[str, Any]) -> Iterator[Resource]:
    domain = values["domain"]
    yield (
        "aws_route53_zone",
        "inside",
        {"name": domain, "vpc": [Block(vpc_id=Ref("aws_vpc.main.id"))]},
    )
    yield "aws_route53_zone", "public", {"name": domain}
    for zone in ("inside", "public"):
        for key, record in values["dns"][zone].items():
            yield (
                "aws_route53_record",
                _label(f"{zone} {key}"),
                {
                    "zone_id": Ref(f"aws_route53_zone.{zone}.zone_id"),
                    "name": record["name"],
                    "type": record["type"],
                    "ttl": record["ttl"],
                    "records": [_record(value) for value in record["values"]],
                },
            )


def _record(value: Mapping[str, Any]) -> Ref:
    text = json.dumps(value["text"].replace("%%", "%"))
    for symbol in value["addresses"]:
        text = text.replace("%s", f"${{aws_eip.{_label(symbol.partition(':')[2])}.public_ip}}", 1)
    return Ref(text)


def _kind(subnet: Mapping[str, Any]) -> str:
    return "public" if subnet["public"] else "private"


def _label(key: str) -> str:
    """Return an identifier: every other character becomes its code, so that no two keys meet."""
    return "r_" + re.sub(r"[^a-z0-9-]", lambda match: f"_{ord(match[0]):x}_", key.lower())


def _value(value: object) -> str:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(entry) for entry in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _lines(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, list) and value and isinstance(value[0], Block):
            for block in value:
                yield f"{indent}{name} {{"
                yield from _lines(block, f"{indent}  ")
                yield f"{indent}}}"
        elif isinstance(value, dict):
            yield f"{indent}{name} = {{"
            for key, entry in value.items():
                yield f"{indent}  {key} = {_value(entry)}"
            yield f"{indent}}}"
        elif value is not None:
            yield f"{indent}{name} = {_value(value)}"
