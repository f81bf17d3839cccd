"""libvirt: the operator's own hypervisor."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from generator.capabilities import Capabilities, DnsProvider, Provider
from generator.clouds.base import Cloud, Simulator, Tfvars
from generator.clouds.resources import Openings, ResourceKind
from generator.clouds.values import public_dns
from generator.context import Context
from generator.errors import InputError
from generator.kinds import ADDRESS, NAME, NETWORK
from generator.plan import GATEWAY, Plan, PlannedNode
from generator.problems import Finding
from generator.question import Draft, Question, Topic, one, several
from generator.topology import Network

_LOCATION = r"/\S+|https?://\S+"
_LONGEST_SERIAL = 20
_TAKEN = ("system", "seed")
_MIB = 1024
_URI = "qemu:///system"


_INTERFACES = {
    "external": "The nodes stand on it.",
    "direct": "Every node has an interface on it, with an address by DHCP unless cidr names the range.",
    "gateway": "The gateway has an interface on it, with an address by DHCP unless cidr names the range.",
}


def _uplink(draft: Draft) -> Question:
    return Question(
        title="Bridge of the hypervisor",
        why="Which bridge leads to your router and the Internet?",
        read=one(NAME),
        default="br0",
        path=("cloud", "uplink", "bridge"),
        comment=f"A bridge of the hypervisor. {_INTERFACES[draft.exposure]} "
        "A network of libvirt may stand there as well: {network: NAME}.",
        notice="Terraform talks to the libvirt of the machine that it runs on, and puts disks into its pool default. "
        "Where that is not so, add to cloud: uri: qemu+sshcmd://root@hypervisor/system and storage: {path: "
        "/srv/carbonio}.",
    )


def _public_address(draft: Draft) -> Question | None:
    if draft.exposure == "direct":
        names, several_of_them = ", ".join(draft.exposed), len(draft.exposed) > 1
        how = " One each, in this order, with commas." if several_of_them else ""
        return Question(
            title="Public addresses" if several_of_them else "Public address",
            why=f"At which address does the Internet reach {names}?{how}",
            read=several(ADDRESS, len(draft.exposed)),
            example=", ".join(f"203.0.113.{number}" for number in range(11, 11 + len(draft.exposed))),
            path=("cloud", "public_addresses"),
            keys=draft.exposed,
            comment="Where the Internet reaches the nodes.",
        )
    owner = "the gateway" if draft.exposure == "gateway" else "your router"
    return Question(
        title="Public address",
        why=f"At which address does the Internet see {owner}?",
        read=one(ADDRESS),
        example="203.0.113.10",
        path=("cloud", "public_address"),
        comment=f"The address of {owner} that the Internet sees.",
    )


def _network(draft: Draft) -> Question | None:
    """Ask for the network where it is the operator's own: with a router of theirs in it."""
    if draft.exposure != "external":
        return None
    about = "with your router at the first address"
    return Question(
        title="Network on that bridge",
        why=f"Which private IPv4 range is there, /16 to /24, {about}?",
        read=one(NETWORK),
        default=Network().cidr,
        path=("network", "cidr"),
        default_value=Network().cidr,
        comment=f"The network on that bridge, {about}. {{cidr: ..., router: ...}} names another.",
    )


class Libvirt:
    """libvirt: machines on a hypervisor, disks in a storage pool, no firewall but the machines' own."""

    templates = "libvirt"
    modules = ("libvirt/network", "libvirt/nodes", "dns/records")
    providers = (Provider("libvirt", "dmacvicar/libvirt", "~> 0.9.7"),)
    dns_providers: Mapping[str, DnsProvider] = {}
    hints: Mapping[str, str] = {}
    resource_kinds: Mapping[str, ResourceKind] = {
        "libvirt_domain": "machine",
        "libvirt_volume": "disk",
        "libvirt_volume.data": "volume",
        "libvirt_network": "network",
        "libvirt_pool": "other",
        "libvirt_cloudinit_disk": "other",
    }
    # The machines filter for themselves.
    openings: Mapping[str, Openings] = {}
    usual_region = "local"
    topics = (
        Topic(option="uplink", metavar="BRIDGE", help="bridge of the hypervisor (br0)", ask=_uplink, depends=True),
        Topic(
            option="public-address",
            metavar="ADDRESS",
            help="public address on a hypervisor of your own",
            ask=_public_address,
            joint=",",
            depends=True,
        ),
        Topic(
            option="network",
            metavar="RANGE",
            help="network of your router, with exposure external",
            ask=_network,
            depends=True,
        ),
    )
    capabilities = Capabilities(
        title="libvirt",
        exposures=("external", "direct", "gateway"),
        default_dns="none",
        default_subscription="",
        # A virtio disk carries the serial number that it is given.
        device_path="/dev/disk/by-id/virtio-{}",
        zonal_subnets=False,
        managed_nat=False,
        host_firewall=True,
        final_snapshots=False,
        private_zone=False,
        ptr_needs_forward=False,
        on_premises=True,
        larger_volumes="Terraform cannot grow it: run the virsh blockresize that terraform apply prints, and then "
        "carbonio-node-configure.",
    )

    def tfvars(self, plan: Plan, context: Context) -> Tfvars:
        """Return the values of the root variables; what is as the variables' defaults say is left to them."""
        deployment, choice = plan.deployment, context.topology.cloud
        own: Tfvars = {}
        if choice.uri:
            own["uri"] = choice.uri
        if choice.hypervisor == "qemu":
            own["hypervisor"] = choice.hypervisor
        if choice.storage.pool or choice.storage.path:
            own["storage"] = {"pool": choice.storage.pool or None, "path": choice.storage.path or None}
        return {
            "name": deployment.name,
            "domain": deployment.domain,
            "region": deployment.region,
            "network": {
                "cidr": deployment.network,
                "subnets": {name: {"cidr": subnet.cidr} for name, subnet in plan.subnets.items()},
                "gateway": GATEWAY if plan.gateway is not None else None,
                "way_out": plan.gateway is not None and plan.gateway.way_out,
                **_interfaces(plan, context),
            },
            "ssh": {"public_key": deployment.ssh_keys[0] if deployment.ssh_keys else None},
            "images": {
                key: _image(image.id or context.cloud.images[image.os].name) for key, image in plan.images.items()
            },
            "protect": choice.protect,
            "nodes": {node.name: _node(node) for node in plan.nodes.values()},
            "volumes": {
                volume.key: {"node": volume.node, "size_gib": volume.size_gib, "serial": _serial(volume.key)}
                for volume in plan.volumes.values()
            },
            "dns": public_dns(plan.dns),
            **own,
        }

    def audit(self, plan: Plan, context: Context) -> Iterator[Finding]:
        """Yield what libvirt has no word for, and images that are nowhere."""
        choice = context.topology.cloud
        if choice.protect:
            why = "libvirt deletes what it is told to delete: it cannot protect a machine"
            yield Finding("no-protection", ("cloud", "protect"), why, "Remove the key, and review the plans.")
        if choice.existing_key_pair:
            why = "there are no key pairs on a hypervisor"
            yield Finding("no-key-pair", ("cloud", "existing_key_pair"), why, "Write the key itself under ssh_keys.")
        if choice.storage.pool and choice.storage.path:
            why = "storage names a pool and a folder to make one of"
            yield Finding("storage-twice", ("cloud", "storage"), why, "Remove one of them.")
        for path, image in context.written_images():
            if not re.fullmatch(_LOCATION, image):
                mend = "Write the path of the file where Terraform runs, or a URL that starts with https://."
                yield Finding("wrong-image", path, f'"{image}" is neither an absolute path nor a URL', mend)

    def audit_user_data(self, user_data: Mapping[str, str], context: Context) -> Iterator[Finding]:
        """Yield nothing: user-data is a file on a disk of its own."""
        yield from ()

    def simulator(self, plan: Plan, faults: Sequence[str]) -> AbstractContextManager[Simulator]:
        """Refuse: what stands for a hypervisor is a hypervisor."""
        raise InputError(
            "there is no simulated hypervisor to rehearse on",
            "libvirt itself is free: apply with hypervisor: qemu on any machine, see Try it out in docs/libvirt.md.",
        )

    def consult(self, context: Context) -> dict[str, Any]:
        """Ask nothing: images are the operator's, and sizes are free."""
        return {}

    def audit_online(self, plan: Plan, context: Context) -> list[Finding]:
        """Ask the hypervisor whether it has what the topology names."""
        from generator.online import libvirt

        return libvirt.audit(plan, context, context.topology.cloud.uri or _URI)


def _interfaces(plan: Plan, context: Context) -> dict[str, object]:
    """Return what the machines' interfaces are attached to: null for the isolated network of their own."""
    uplink = context.topology.cloud.uplink
    existing = {"bridge": uplink.bridge or None, "network": uplink.network or None}
    if plan.router is not None:
        return {"inside": existing, "uplink": None}
    made = not uplink.bridge and not uplink.network
    return {"inside": None, "uplink": {**existing, "cidr": uplink.cidr if made else None}}


def _image(location: str) -> dict[str, str]:
    return {"source": location, "format": "raw" if location.endswith(".raw") else "qcow2"}


def _serial(key: str) -> str:
    """Return the serial number of a volume's disk, as long as virtio carries it, and unlike others."""
    if len(key) <= _LONGEST_SERIAL and key not in _TAKEN:
        return key
    return f"{key[:11]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _node(node: PlannedNode) -> dict[str, object]:
    macs = {link.name: link.mac for link in node.links}
    return {
        "fqdn": node.fqdn,
        "roles": node.roles,
        "type": node.machine.type,
        "vcpu": node.machine.vcpu,
        "memory_mib": int(node.machine.memory_gib * _MIB),
        "os_disk_gib": node.os_disk_gib,
        "image": node.image.key,
        "subnet": node.subnet,
        "private_address": node.address,
        "public": node.public,
        "public_address": node.stated_address or None,
        "groups": node.groups,
        "mac": macs["inside"],
        "uplink_mac": macs.get("uplink"),
        "user_data": f"cloud-init/{node.name}.yaml",
        "network_config": f"network-config/{node.name}.yaml",
        "login_user": node.login_user,
        "jump": node.jump or None,
        "login_address": node.login_address,
    }


CLOUD: Cloud = Libvirt()
