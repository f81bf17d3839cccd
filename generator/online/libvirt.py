"""Questions to a hypervisor through virsh, libvirt's own command: pool, networks, emulation, images."""

import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from generator.context import Context
from generator.errors import SurroundingsError
from generator.plan import Plan
from generator.problems import Finding

_SECONDS = 30.0
_QCOW2 = b"QFI\xfb"
_NO_SOCKET = "Failed to connect socket"


def audit(plan: Plan, context: Context, uri: str) -> list[Finding]:
    """Return a finding for everything that the topology names and the hypervisor lacks.

    Args:
        plan: What will be applied.
        context: The topology.
        uri: The hypervisor, as libvirt names it.

    Raises:
        SurroundingsError: virsh is missing, or the hypervisor does not answer.
    """
    if shutil.which("virsh") is None:
        raise SurroundingsError("virsh is not installed", "Install libvirt-clients, or leave out --online.")
    _virsh(uri, "uri")
    return [*_kvm(context, uri), *_pool(context, uri), *_networks(plan, context, uri), *_images(plan, context)]


def _ask(uri: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["virsh", "--quiet", "--readonly", "--connect", _for_virsh(uri), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise SurroundingsError(f"{uri} did not answer within {_SECONDS:.0f} seconds", "See cloud.uri.") from None


def _for_virsh(uri: str) -> str:
    """Return a URI as virsh has it: what Terraform's provider calls sshcmd, the command ssh, is its ssh."""
    return uri.replace("+sshcmd://", "+ssh://", 1)


def _virsh(uri: str, *words: str) -> str:
    done = _ask(uri, *words)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        mend = "See cloud.uri and your right to use it, or leave out --online."
        if _NO_SOCKET in done.stderr:
            mend = f"Is libvirtd running there (systemctl status libvirtd)? {mend}"
        raise SurroundingsError(f"{uri}: {why[0].removeprefix('error: ')}", mend)
    return done.stdout


def _kvm(context: Context, uri: str) -> Iterator[Finding]:
    kind = context.topology.cloud.hypervisor
    guests = ET.fromstring(_virsh(uri, "capabilities")).iterfind("guest/arch[@name='x86_64']/domain")  # noqa: S314
    if kind not in {domain.get("type") for domain in guests}:
        mend = "Turn on virtualization in its firmware, or write hypervisor: qemu, which is far slower."
        if kind == "qemu":
            mend = "Install qemu-system-x86 there."
        yield Finding("no-hypervisor", ("cloud",), f"{uri} cannot run machines with {kind}", mend, key=True)


def _pool(context: Context, uri: str) -> Iterator[Finding]:
    storage = context.topology.cloud.storage
    pool = storage.pool or "default"
    if storage.path:
        return
    path = ("cloud", "storage") if storage.pool else ("cloud",)
    known = _virsh(uri, "pool-list", "--all", "--name").split()
    if pool not in known:
        mend = f"It has {', '.join(known) or 'none'}. Name one, or a folder to make one of: storage: {{path: /srv/vm}}."
        yield Finding("no-pool", path, f"{uri} has no storage pool {pool}", mend, key=True)
    elif pool not in _virsh(uri, "pool-list", "--name").split():
        yield Finding("no-pool", path, f"the storage pool {pool} is not active", f"virsh pool-start {pool}", key=True)


def _networks(plan: Plan, context: Context, uri: str) -> Iterator[Finding]:
    uplink = context.topology.cloud.uplink
    active = _virsh(uri, "net-list", "--name").split()
    if uplink.network and uplink.network not in active:
        mend = f"It has {', '.join(active) or 'none'}; virsh net-start starts one that is there."
        yield Finding(
            "no-network", ("cloud", "uplink"), f"{uri} has no active network {uplink.network}", mend, key=True
        )
    if uplink.bridge and (links := _interfaces(uri)) and uplink.bridge not in links:
        mend = f"It has {', '.join(links)}. Make the bridge there, or name another one."
        yield Finding("no-network", ("cloud", "uplink"), f"{uri} has no bridge {uplink.bridge}", mend, key=True)
    own = {plan.deployment.name, f"{plan.deployment.name}-uplink"}
    wanted = {("network", "cidr"): plan.deployment.network}
    if uplink.cidr and not uplink.bridge and not uplink.network:
        wanted["cloud", "uplink"] = uplink.cidr
    for name in _virsh(uri, "net-list", "--all", "--name").split():
        if name in own or name == uplink.network:
            continue
        for found in _ranges(_virsh(uri, "net-dumpxml", name)):
            for path, text in wanted.items():
                if found.overlaps(IPv4Network(text)):
                    why = f"{text} overlaps {found}, which is the network {name} of {uri}"
                    yield Finding("network-overlaps", path, why, "Choose another range.", key=True)


def _interfaces(uri: str) -> list[str]:
    """Return the names of the hypervisor's interfaces; none where its libvirt cannot tell."""
    done = _ask(uri, "iface-list", "--all")
    return [line.split()[0] for line in done.stdout.splitlines() if line.strip()] if not done.returncode else []


def _ranges(xml: str) -> Iterator[IPv4Network]:
    for ip in ET.fromstring(xml).iter("ip"):  # noqa: S314 - from the hypervisor that is to be managed
        if ip.get("family", "ipv4") == "ipv4" and ip.get("address"):
            yield IPv4Interface(f"{ip.get('address')}/{ip.get('prefix') or ip.get('netmask') or 32}").network


def _images(plan: Plan, context: Context) -> Iterator[Finding]:
    for key, image in plan.images.items():
        place = image.id or context.cloud.images[image.os].name
        why = _missing(place) if place.startswith("/") else _not_served(place)
        if why:
            path = next(node.path for node in plan.nodes.values() if node.image.key == key)
            mend = f"Name another one under cloud.images, as in: images: {{{image.os}: /srv/images/{image.os}.qcow2}}"
            yield Finding("image-not-found", path, f"the image {place} {why}", mend, key=True)


def _missing(place: str) -> str:
    """Return what is wrong with a file on this machine, from which Terraform uploads it."""
    try:
        with Path(place).open("rb") as file:
            start = file.read(len(_QCOW2))
    except OSError as error:
        return f"cannot be read here: {error.strerror}"
    if not place.endswith(".raw") and start != _QCOW2:
        return "is not in the format qcow2; a raw one has to be named .raw"
    return ""


def _not_served(place: str) -> str:
    try:
        with urlopen(Request(place, method="HEAD"), timeout=_SECONDS):  # noqa: S310 - http and https alone, by audit
            return ""
    except (URLError, OSError, ValueError) as error:
        return f"cannot be fetched: {getattr(error, 'reason', error)}"
