"""Questions to Hetzner Cloud through hcloud: snapshots, machine types, and where they are sold."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from generator.context import Context
from generator.errors import SurroundingsError
from generator.facts import MachineType
from generator.plan import Plan
from generator.problems import Finding

_ARCHITECTURES = {"x86": "x86_64", "arm": "arm64"}


@contextmanager
def _client() -> Iterator[Any]:
    """Yield a client, and turn what hcloud raises into one message."""
    import hcloud
    import requests

    token = os.environ.get("HCLOUD_TOKEN", "")
    if not token:
        raise SurroundingsError("HCLOUD_TOKEN is not set", "Create an API token in the project, or leave out --online.")
    endpoint = os.environ.get("HCLOUD_ENDPOINT", "https://api.hetzner.cloud/v1")
    try:
        yield hcloud.Client(token=token, api_endpoint=endpoint)
    except (hcloud.HCloudException, requests.RequestException) as error:
        raise SurroundingsError(
            f"Hetzner did not answer: {error}",
            "Check the token and the network, or leave out --online.",
        ) from None


def consult(context: Context) -> dict[str, Any]:
    """Return the fields of the context that Hetzner knows better: newest images, and further machine types."""
    known = {machine.name for machine in context.cloud.types}
    written = {node.type for node in context.nodes.values()} | {context.topology.gateway.type}
    wanted = sorted(written - known - {""})
    with _client() as client:
        images = {}
        for system in context.systems:
            name = context.cloud.images[system].name
            found = client.images.get_all(name=name, architecture=["x86"]) if name else []
            images[system] = str(max(one.id for one in found)) if found else ""
        types = tuple(_describe(client, wanted))
    cloud = msgspec.structs.replace(context.cloud, types=(*context.cloud.types, *types))
    return {"newest_images": {system: found for system, found in images.items() if found}, "cloud": cloud}


def audit(plan: Plan) -> list[Finding]:
    """Return a finding for every machine whose type or image Hetzner does not have in the location."""
    findings = []
    with _client() as client:
        offers = {one.name: {place.location.name for place in one.locations} for one in _types(client, plan)}
        for node in plan.nodes.values():
            if node.zone not in offers.get(node.machine.type, set()):
                why = f"Hetzner does not sell {node.machine.type} in {node.zone}"
                findings.append(Finding("type-not-offered", node.path, why, "Set its type.", key=True))
        for key, image in plan.images.items():
            if image.id and not _snapshots(client, image.id):
                path = next(node.path for node in plan.nodes.values() if node.image.key == key)
                why = f'this project has no image "{image.id}"'
                findings.append(Finding("image-not-found", path, why, "See cloud.images in docs/hetzner.md.", key=True))
    return findings


def _types(client: Any, plan: Plan) -> list[Any]:
    used = {node.machine.type for node in plan.nodes.values()}
    return [one for name in sorted(used) if (one := client.server_types.get_by_name(name)) is not None]


def _snapshots(client: Any, image: str) -> list[Any]:
    import hcloud

    if not image.isdigit():
        return list(client.images.get_all(label_selector=image, architecture=["x86"]))
    try:
        return [client.images.get_by_id(int(image))]
    except hcloud.APIException as error:
        if error.code == "not_found":
            return []
        raise


def _describe(client: Any, names: list[str]) -> Iterator[MachineType]:
    for name in names:
        one = client.server_types.get_by_name(name)
        if one is not None:
            yield MachineType(
                name=one.name,
                vcpu=one.cores,
                memory_gib=one.memory,
                architecture=_ARCHITECTURES[one.architecture],  # type: ignore[arg-type]
                burstable=False,
                disk_gib=one.disk,
            )
