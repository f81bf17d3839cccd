"""Questions to AWS through boto3: images, machine types, offers in a zone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from generator.context import Context
from generator.errors import SurroundingsError
from generator.facts import CloudImage, MachineType
from generator.plan import Plan
from generator.problems import Finding


@contextmanager
def _client(region: str) -> Iterator[Any]:
    """Yield an EC2 client, and turn what boto3 raises into one message."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield boto3.client("ec2", region_name=region, endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    except (BotoCoreError, ClientError) as error:
        raise SurroundingsError(
            f"AWS did not answer: {error}",
            "Check the credentials and the network, or leave out --online.",
        ) from None


def consult(context: Context) -> dict[str, Any]:
    """Return the fields of the context that AWS knows better: newest images, and further machine types."""
    known = {machine.name for machine in context.cloud.types}
    written = {node.type for node in context.nodes.values()} | {context.topology.gateway.type}
    wanted = sorted(written - known - {""})
    with _client(context.topology.cloud.region) as client:
        images = {system: _newest(client, context.cloud.images[system]) for system in context.systems}
        types = tuple(_describe(client, wanted)) if wanted else ()
    cloud = msgspec.structs.replace(context.cloud, types=(*context.cloud.types, *types))
    return {
        "newest_images": {system: found for system, found in images.items() if found},
        "cloud": cloud,
    }


def audit(plan: Plan) -> list[Finding]:
    """Return a finding for every node whose type is not sold in its zone."""
    types = sorted({node.machine.type for node in plan.nodes.values()})
    offers = set()
    with _client(plan.deployment.region) as client:
        pages = client.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": types}]
        )
        for page in pages:
            offers |= {(offer["InstanceType"], offer["Location"]) for offer in page["InstanceTypeOfferings"]}
    return [
        Finding(
            "type-not-offered",
            node.path,
            f"AWS does not offer {node.machine.type} in {node.zone}",
            "Set type: or zone: of the node.",
            key=True,
        )
        for name, node in plan.nodes.items()
        if (node.machine.type, node.zone) not in offers
    ]


def _newest(client: Any, image: CloudImage) -> str:
    found = client.describe_images(
        Owners=[image.owner],
        IncludeDeprecated=image.include_deprecated,
        Filters=[
            {"Name": "name", "Values": [image.name]},
            {"Name": "architecture", "Values": ["x86_64"]},
        ],
    )["Images"]
    return str(max(found, key=lambda one: (one["CreationDate"], one["ImageId"]))["ImageId"]) if found else ""


def _describe(client: Any, names: list[str]) -> Iterator[MachineType]:
    answer = client.describe_instance_types(Filters=[{"Name": "instance-type", "Values": names}])
    for one in answer["InstanceTypes"]:
        architectures = one["ProcessorInfo"]["SupportedArchitectures"]
        yield MachineType(
            name=one["InstanceType"],
            vcpu=one["VCpuInfo"]["DefaultVCpus"],
            memory_gib=one["MemoryInfo"]["SizeInMiB"] / 1024,
            architecture="x86_64" if "x86_64" in architectures else "arm64",
            burstable=one.get("BurstablePerformanceSupported", False),
        )
